"""Drawing: marks stand where they are, in the picture's and the recording's own measures."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import pytest

from augury.preview.drawing import Scale, colour, draw_picture, draw_sound
from augury.views import Cover, Outline, Picture, Sound, Spot, Stretch

PNG = b"\x89PNG\r\n\x1a\nrest"


def parsed(markup):
    """Return a drawing as a tree (it is well-formed XML)."""
    return ElementTree.fromstring(f"<div>{markup}</div>")


def test_picture():
    """The picture is a data URL, its marks in its own coordinates, its labels escaped."""
    view = Picture(PNG, 200, 100)
    marks = [
        Outline((((1.0, 2.0), (30.0, 2.0), (30.0, 40.0)),), "<a&b>"),
        Spot(150.0, 50.0, "eye", covered=True),
        Spot(20.0, 50.0),
        Cover(b"\x89PNGcover"),
    ]
    svg = parsed(draw_picture(view, marks, "photo"))[0]
    assert svg.get("viewBox") == "0 0 200 100"
    images = [b64decode(i.get("href").partition(",")[2]) for i in svg.iter("image")]
    assert images == [PNG, b"\x89PNGcover"]
    assert svg.find(".//polygon").get("points") == "1.00,2.00 30.00,2.00 30.00,40.00"
    assert [t.text for t in svg.iter("text")] == ["<a&b>", "eye"]
    circles = [(c.get("cx"), c.get("class")) for c in svg.iter("circle")]
    assert circles == [("150", "covered"), ("20", None)]


def test_labels_of_points_lean_outwards():
    """Points on the left have their labels on the left, so that those of a pair stay apart."""
    svg = parsed(draw_picture(Picture(PNG, 100, 100), [Spot(40, 5, "l"), Spot(60, 5, "r")], "p"))[0]
    texts = {t.text: (float(t.get("x")), t.get("text-anchor")) for t in svg.iter("text")}
    assert texts["l"][0] < 40 and texts["l"][1] == "end"
    assert texts["r"][0] > 60 and texts["r"][1] is None


def test_media_type():
    """JPEG bytes are told to be JPEG."""
    assert "data:image/jpeg;base64," in draw_picture(Picture(b"\xff\xd8\xff", 1, 1), [], "p")


def test_sound():
    """A recording is as wide as its share of the longest; intervals lie at their share of its seconds."""
    view = Sound(b"RIFF", 2.0, ((-0.5, 0.5), (0.0, 0.25)), "2 s")
    scale = Scale.of([view, Sound(b"RIFF", 4.0, ((-1.0, 0.1),), "")])
    assert scale == (4.0, 1.0)
    tree = parsed(
        re.sub(' controls=""', "", draw_sound(view, [Stretch(0.5, 1.5, "a"), Stretch(1.0, 2.0, "b")], "clip", scale))
    )
    wave = tree.find("div")
    assert wave.get("style") == "width:50.000%;--lanes:2"
    bars = [(s.get("style"), s.text) for s in wave.iter("span")]
    assert bars == [("left:25.000%;width:50.000%;--lane:0", "a"), ("left:50.000%;width:50.000%;--lane:1", "b")]
    assert tree.find("audio").get("src") == "data:audio/wav;base64,UklGRg=="
    ys = [float(p.split(",")[1]) for p in wave.find(".//polygon").get("points").split()]
    assert ys[0] == pytest.approx(48 - 46 * 0.5) and ys[-1] == pytest.approx(49 + 46 * 0.5)


def test_silence():
    """A silent and an empty outline are drawn without harm."""
    for peaks in (((0.0, 0.0),), ()):
        view = Sound(b"", 0.0, peaks)
        assert "<polygon" in draw_sound(view, [], "clip", Scale.of([view]))


def test_colours_are_of_labels():
    """A label has one colour everywhere, and labels do not all share one."""
    assert colour("cat") == colour("cat")
    assert len({colour(str(i)) for i in range(50)}) == 8
