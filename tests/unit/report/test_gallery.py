"""The gallery: originals beside their copies, small enough, still to be seen and heard."""

import io
import re
from base64 import b64decode

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from PIL import Image

from augury.catalog import registry
from augury.report import gallery as module
from augury.report.gallery import gallery
from augury.report.measure import measure
from tests.unit.report.conftest import Tree


def shown(dataset):
    """Return the gallery's markup."""
    return gallery(list(measure(dataset, 7))).markup


def data(markup, kind):
    """Return the bytes of every data: URL of a kind."""
    return [b64decode(found) for found in re.findall(rf"data:{kind};base64,([^\"]*)", markup)]


def test_originals_beside_their_copies(finished):
    """Each card shows a text and its first copy, with what changed between them."""
    rows = []
    for i in range(20):
        rows.append(("c", "train", f"c/{i}", {"text": f"the old word {i}"}))
        rows += [("c", "train", f"c/{i}@{k}", {"text": f"the new{k} word {i}"}) for k in range(3)]
    tree = Tree(shown(finished({"text": "text"}, rows)))
    assert tree.within("del") == ["old"] * 3 and tree.within("ins") == ["new0"] * 3
    assert tree.within("div").count("original") == 3


def test_plain_fields_are_one_table(finished):
    """A collection of plain fields is a table with the changed cells marked."""
    rows = [("c", "train", "c/a", {"x": 1.0, "k": "z"}), ("c", "train", "c/a@0", {"x": 2.5, "k": "z"})]
    tree = Tree(shown(finished({"x": "number", "k": "category"}, rows)))
    assert tree.within("del") == ["1"] and tree.within("ins") == ["2.5"]
    assert tree.within("td") == [" ", "z"]


def test_without_a_partner(finished):
    """Originals without copies, and copies without originals, are shown alone."""
    alone = Tree(shown(finished({"text": "text"}, [("c", "train", "c/a", {"text": "alone"})])))
    assert "alone" in alone.within("p") and "original" in alone.within("div")
    copies = Tree(shown(finished({"text": "text"}, [("c", "train", "c/a@0", {"text": "copy"})])))
    assert "copy 0" in copies.within("div") and not copies.within("ins")


def test_pictures_are_small_and_marked(finished):
    """A large picture is reduced, its boxes stay in its own coordinates."""
    picture = np.random.Generator(np.random.Philox(key=1)).integers(0, 255, (900, 1400, 3)).astype(np.uint8)
    fields = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}, "near": {"kind": "mask", "of": "photo"}}
    values = {
        "photo": picture,
        "boxes": [{"box": [700, 100, 1400, 900], "label": "cat"}],
        "near": np.ones((900, 1400), np.uint8),
    }
    markup = shown(finished(fields, [("c", "train", "c/a", values)]))
    (photo,) = data(markup, "image/jpeg")
    assert max(Image.open(io.BytesIO(photo)).size) == module.SIDE
    (cover,) = data(markup, "image/png")
    assert max(Image.open(io.BytesIO(cover)).size) == module.SIDE
    assert 'viewBox="0 0 1400 900"' in markup and "700.00,100.00" in markup and ">cat<" in markup


def test_sounds_are_cut_and_play(finished):
    """A long recording plays its beginning, which another library reads, and says so."""
    audio = type(registry().load("kinds", "audio").build({}).samples()[0])
    wave = (0.5 * np.sin(np.arange(44100 * 8) / 30)).astype(np.float32)[None]
    markup = shown(finished({"clip": "audio"}, [("c", "train", "c/a", {"clip": audio(wave, 44100)})]))
    (wav,) = data(markup, "audio/wav")
    samples, rate = soundfile.read(io.BytesIO(wav))
    assert rate == 44100 and len(wav) <= module.SOUND_BYTES + 100
    assert samples == pytest.approx(wave[0, : len(samples)], abs=1e-4)
    assert f"plays the first {len(samples) / rate:.1f} s" in markup


def test_the_page_is_bounded(finished, monkeypatch):
    """What does not fit is left out, and that is said."""
    monkeypatch.setattr(module, "PAGE_BYTES", 60_000)
    noise = np.random.Generator(np.random.Philox(key=1)).integers(0, 255, (5, 200, 200, 3)).astype(np.uint8)
    rows = [("c", "train", f"c/{i}", {"photo": noise[i]}) for i in range(5)]
    markup = shown(finished({"photo": "image"}, rows))
    assert len(markup) < 70_000 and "too large" in markup


def test_long_texts_are_cut(finished):
    """A long text is cut, and marks behind the cut are left out."""
    fields = {"text": "text", "marks": {"kind": "spans", "of": "text"}}
    marks = [{"start": 0, "end": 4, "label": "first"}, {"start": 4000, "end": 4004, "label": "last"}]
    markup = shown(finished(fields, [("c", "train", "c/a", {"text": "word " * 1000, "marks": marks})]))
    assert "first" in markup and "last" not in markup and "…" in markup and len(markup) < 6000


def test_damaged_values_are_passed_by(finished):
    """A payload that cannot be read leaves its place empty, and the rest is shown."""
    dataset = finished({"photo": "image", "k": "category"}, [("c", "train", "c/a", {"k": "z"})])
    (each,) = measure(dataset, 7)
    column = pa.array([{"bytes": b"no picture", "path": "x.jpg"}], each.fields["photo"].kind.arrow())
    each.gallery["train"] = each.gallery["train"].set_column(0, "photo", column)
    tree = Tree(gallery([each]).markup)
    assert "z" in tree.within("dd") and not [tag for tag, _ in tree.elements if tag == "svg"]
