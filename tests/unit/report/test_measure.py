"""Measuring: counts are exact, figures a function of the set of rows, memory is bounded."""

import random
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from augury.report import measure as module
from augury.report.figures import document
from augury.report.measure import OTHERS, measure

FIELDS = {
    "x": "number",
    "text": "text",
    "label": {"kind": "category", "role": "label"},
    "spans": {"kind": "spans", "of": "text"},
}


def rows(n=300):
    """Return rows on two sides, some of them copies, with values missing."""
    out = []
    for i in range(n):
        values = {"x": float(i % 17), "label": "abc"[i % 3], "text": "w" * (i % 5 + 1)}
        if i % 4 == 0:
            values |= {"spans": [{"start": 0, "end": 1, "label": "ab"[i % 8 > 0]}]}
        if i % 10 == 0:
            del values["x"]
        out.append(("c", "train" if i % 5 else "test", f"c/{i}", values))
        if i % 5:
            out.append(("c", "train", f"c/{i}@0", values | {"x": 100.0}))
    return out


def groups(dataset):
    """Return the groups of the one collection by side and origin."""
    (measured,) = measure(dataset, 7)
    return {(g.side, g.origin): g for g in measured.groups}


def trait(group, title):
    """Return a trait's figures by its title."""
    return next(f for t, f in group.traits.items() if t.title == title)


def test_counts_are_exact(finished):
    """Rows, missing values, classes and extremes are those of all rows."""
    made = rows()
    found = groups(finished(FIELDS, made, group_rows=37))
    for (side, origin), group in found.items():
        mine = [v for _, s, name, v in made if s == side and ("@" in name) == (origin == "augmented")]
        assert group.rows == len(mine)
        assert group.missing["x"] == sum("x" not in v for v in mine)
        assert group.missing["label"] == 0
        assert trait(group, "label").classes == Counter(v["label"] for v in mine)
        numbers = [v["x"] for v in mine if "x" in v]
        figures = trait(group, "x")
        assert (figures.least, figures.greatest) == (min(numbers), max(numbers))
        assert figures.numbers.tolist() == sorted(numbers)
        assert trait(group, "text: length").numbers.tolist() == sorted(len(v["text"]) for v in mine)
        marked = [m for v in mine for m in v.get("spans", ())]
        assert trait(group, "spans: labels").classes == Counter(m["label"] for m in marked)
    assert set(found) == {("train", "original"), ("train", "augmented"), ("test", "original")}


def test_figures_are_of_the_set_of_rows(finished, tmp_path, monkeypatch):
    """Order and row groups change no figure, not even where only a sample is looked at."""
    for limit in ("SAMPLED", "LOOKED_AT", "DECODED"):
        monkeypatch.setattr(module, limit, 20)
    made = sorted(rows(), key=lambda row: row[1] != "train")
    first = [document(m) for m in measure(finished(FIELDS, made), 7)]
    random.Random(1).shuffle(made)
    made.sort(key=lambda row: row[1] != "train")
    again = [document(m) for m in measure(finished(FIELDS, made, group_rows=11, folder=tmp_path / "other"), 7)]
    assert first == again
    assert [document(m) for m in measure(finished(FIELDS, made), 8)] != first


def test_a_sample_is_near_the_whole(finished, monkeypatch):
    """The quantiles of a keyed sample are near those of all rows."""
    monkeypatch.setattr(module, "SAMPLED", 400)
    values = np.random.Generator(np.random.Philox(key=2)).normal(size=3000)
    found = groups(finished(FIELDS, [("c", "train", f"c/{i}", {"x": v}) for i, v in enumerate(values)]))
    figures = trait(found["train", "original"], "x")
    assert figures.records == 400
    assert np.quantile(figures.numbers, [0.25, 0.5, 0.75]) == pytest.approx(
        np.quantile(values, [0.25, 0.5, 0.75]), abs=0.15
    )
    assert (figures.least, figures.greatest) == (values.min(), values.max())


def test_an_empty_side_is_told(finished):
    """A side without rows is a group of none."""
    found = groups(finished(FIELDS, [("c", "train", "c/1", {"x": 1.0}), ("c", "val", "", {})]))
    assert found["val", "original"].rows == 0 and not found["val", "original"].traits


def test_too_many_classes(finished, monkeypatch):
    """Beyond the limit the rarest classes are counted together, and none is lost."""
    monkeypatch.setattr(module, "CLASSES", 5)
    made = [("c", "train", f"c/{i}-{j}", {"label": f"k{i:02d}"}) for i in range(40) for j in range(40 - i)]
    classes = trait(groups(finished(FIELDS, made, group_rows=100))["train", "original"], "label").classes
    assert sum(classes.values()) == len(made)
    assert list(classes)[:3] == ["k00", "k01", "k02"] and classes["k00"] == 40
    assert OTHERS in classes and len(classes) <= 11


def test_memory_does_not_grow_with_the_rows(finished, tmp_path, monkeypatch):
    """Eight times the rows need hardly more memory."""
    for limit, value in (("SAMPLED", 100), ("LOOKED_AT", 100), ("BATCH", 500)):
        monkeypatch.setattr(module, limit, value)
    peaks = []
    for n in (1500, 1500, 12000):
        made = [("c", "train", f"c/{i}", {"x": float(i), "text": "w" * (i % 9), "label": str(i % 7)}) for i in range(n)]
        dataset = finished(FIELDS, made, folder=tmp_path / str(len(peaks)))
        del made
        tracemalloc.start()
        list(measure(dataset, 7))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.5 * peaks[1]
