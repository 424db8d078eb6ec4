"""Pascal VOC in, Pascal VOC out, and XML that means harm."""

import json
from xml.etree import ElementTree

import pytest

OBJECT = "<object><name>{name}</name><difficult>1</difficult><bndbox>{box}</bndbox></object>"
FLIP = [{"image.flip": {"axis": "horizontal"}}]


def _box(x0, y0, x1, y1):
    return f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"


def _dataset(folder, picture, objects):
    for name in ("a", "b"):
        picture(folder / "JPEGImages" / f"{name}.jpg", 50, 100)
    (folder / "Annotations").mkdir()
    (folder / "Annotations" / "a.xml").write_text(f"<annotation>{objects}</annotation>")
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    (folder / "ImageSets" / "Main" / "train.txt").write_text("a\nb\n")


def _read(path):
    out = []
    for one in ElementTree.parse(path).getroot().iter("object"):
        box = [float(one.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
        out.append((one.findtext("name"), one.findtext("difficult"), box))
    return out


def test_objects_follow_their_image(tmp_path, picture, five_lines):
    """Originals as they came; a mirrored copy's pixels 11 to 20 of 100 are the pixels 81 to 90."""
    _dataset(tmp_path / "data", picture, OBJECT.format(name="a &amp; b", box=_box(11, 5, 20, 9)))
    out = five_lines(tmp_path, "voc", steps=FLIP, copies=3, split={"field": "side"})
    (folder,) = (out / "data" / "data").glob("train-*")
    found = {path.stem: _read(path) for path in (folder / "Annotations").glob("*.xml")}
    assert len(found) == 8 and found.pop("b") == []
    assert found.pop("a") == [("a & b", "1", [11, 5, 20, 9])]
    assert sorted(found.values()) == [[]] * 3 + [[("a & b", "1", [81, 5, 90, 9])]] * 3
    listed = (folder / "ImageSets" / "Main" / "train.txt").read_text().split()
    assert sorted(listed) == sorted(p.stem for p in (folder / "JPEGImages").iterdir()) and len(listed) == 8


@pytest.mark.parametrize(
    "harm",
    [
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><annotation>&y;</annotation>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>',
        '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><annotation/>',
        "<annotation><object>",
        "<annotation><object><name>a</name></object></annotation>",
        "<annotation><object><name>a</name><bndbox><xmin>x</xmin></bndbox></object></annotation>",
    ],
)
def test_xml_that_means_harm_is_quarantined(tmp_path, picture, five_lines, harm):
    """Document types, entities and damage take the image out; nothing is fetched or expanded."""
    _dataset(tmp_path / "data", picture, "")
    (tmp_path / "data" / "Annotations" / "b.xml").write_text(harm)
    out = five_lines(tmp_path, "voc", steps=FLIP, limits={"max_quarantined": 0.9})
    (bad,) = (json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines())
    assert bad["id"].endswith("b.jpg") and "root:" not in bad["reason"]


def test_an_annotation_without_an_image_is_reported(tmp_path, picture, five_lines):
    """It is quarantined by its name."""
    _dataset(tmp_path / "data", picture, "")
    (tmp_path / "data" / "Annotations" / "lost.xml").write_text("<annotation/>")
    out = five_lines(tmp_path, "voc", steps=FLIP, limits={"max_quarantined": 0.9})
    assert "lost.xml" in (out / "quarantine.jsonl").read_text()
