"""Plots: safe markup that says what it was given."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from augury.report.plots import bars, histogram
from tests.unit.report.conftest import HOSTILE

ALLOWED = {
    "svg",
    "g",
    "path",
    "rect",
    "line",
    "polyline",
    "polygon",
    "circle",
    "defs",
    "clipPath",
    "use",
    "text",
    "tspan",
}


def parsed(markup):
    """Return a plot as a tree (it is well-formed XML)."""
    return ElementTree.fromstring(markup)


def both(names=("cat", "dog")):
    """Return a plot of each sort."""
    numbers = {"a": np.arange(50.0), "b": np.arange(20.0) * 3}
    return [histogram(numbers, "pixels", "p"), bars({"a": {n: 3.0 for n in names}}, names, "rows", "p")]


@pytest.mark.parametrize("markup", both((HOSTILE, "$\\frac", "a\x00b", "\ud800", "中文")), ids=["histogram", "bars"])
def test_only_what_is_allowed(markup):
    """Elements, attributes and styles are of the allowed ones, every reference is local, and ids have the prefix."""
    for node in parsed(markup).iter():
        assert node.tag in ALLOWED
        for key, value in node.attrib.items():
            assert not key.startswith("on")
            assert "url(" not in value or re.fullmatch(r"url\(#p-[\w-]+\)", value)
            if key == "href":
                assert value.startswith("#p-")
            if key == "id":
                assert value.startswith("p-")
    assert "#0000" not in markup


def test_text_is_text():
    """Class names are there letter by letter, shortened, never read as mathematics or markup."""
    _, drawn = both((HOSTILE, "$x^2$", "中文", ""))
    texts = {"".join(t.itertext()) for t in parsed(drawn).iter("text")}
    assert {"$x^2$", "中文", "(empty)"} <= texts
    assert HOSTILE[:23] + "…" in texts
    assert "<script" not in drawn


def test_bars_are_as_long_as_their_numbers():
    """The rectangles have the ratio of the values."""
    drawn = parsed(bars({"a": {"x": 10.0, "y": 40.0}, "b": {"x": 20.0}}, ["x", "y"], "rows", "p"))
    lengths = []
    for path in drawn.iter("path"):
        if re.search(r"--s\d", path.get("style", "")):
            xs = [float(x) for x in re.findall(r"[ML] (-?[\d.]+) ", path.get("d"))]
            lengths.append(max(xs) - min(xs))
    assert [round(v / lengths[0], 2) for v in lengths] == [1.0, 4.0, 2.0, 0.0]


@pytest.mark.parametrize("values", [[3.0], [3.0, 3.0], [0.0, 1e300], [-1e-300, 1e-300], list(range(1000))])
@pytest.mark.parametrize("unit", ["", "pixels", "date"])
def test_any_numbers_are_drawn(values, unit):
    """One value, equal ones, huge and tiny ones are drawn without a warning."""
    if unit == "date" and max(values) > 1e17:
        values = [0.0, 2e9]
    assert len(list(parsed(histogram({"a": np.array(values, float)}, unit, "p")).iter("path"))) > 2


def test_the_same_twice():
    """The same numbers give the same markup."""
    assert both() == both()
