"""Plots as inline SVG: drawn by matplotlib, then rebuilt element by element, so that text stays text and nothing else.

Colours are those of the page's style sheet, so a plot follows light, dark and print.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from augury.preview.markup import Html, element

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 380
"""Width of every plot, in CSS pixels at its natural size."""

INK, SOFT, LINE = "#000001", "#000002", "#000003"
SERIES = ("#000011", "#000012", "#000013", "#000014", "#000015", "#000016")
_VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", **{c: f"--s{i}" for i, c in enumerate(SERIES)}}

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "augury",
    "text.parse_math": False,
    "font.size": 12.0,
    "font.family": ["DejaVu Sans"],
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.labelsize": 11.0,
    "axes.formatter.useoffset": False,
    "figure.dpi": 72.0,
}

_TAGS = (
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
)
_ATTRIBUTES = ("d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "points", "transform", "id")
_PROPERTIES = (
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-dashoffset"),
    *("stroke-linecap", "stroke-linejoin", "opacity", "text-anchor", "font-size"),
)
_SAFE_VALUE = re.compile(r"[#\w\s.,%()+-]*")
_LOCAL = re.compile(r"url\(#([\w-]+)\)")


def histogram(groups: Mapping[str, np.ndarray], unit: str, name: str) -> Html:
    """Return the outlines of each group's distribution over common bins, as shares of the group.

    There are as many bins as the smallest group can fill; the outermost hundredth of all values lies outside.

    Args:
        groups: Group to its values, none of them empty.
        unit: What the values are measured in.
        name: A prefix of the plot's ids, different for each plot of a page.
    """
    least, greatest = _middle(np.concatenate(list(groups.values())))
    smallest = min(len(values) for values in groups.values())
    edges = np.linspace(least, greatest, 1 + min(max(round(2 * smallest ** (1 / 3)), 8), 30))  # Rice's rule

    def draw(axes: Axes) -> None:
        for i, values in enumerate(groups.values()):
            counts, _ = np.histogram(values, edges)
            colour = SERIES[i % len(SERIES)]
            axes.stairs(counts / len(values), edges, color=colour, linewidth=1.8, fill=False)
            if i == 0:
                axes.stairs(counts / len(values), edges, color=colour, alpha=0.18, fill=True)
        axes.set_xlim(least, greatest)
        axes.set_ylim(bottom=0.0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if unit == "date":
            axes.set_xticks(np.linspace(least, greatest, 4), [_day(v) for v in np.linspace(least, greatest, 4)])
        elif unit:
            axes.set_xlabel(unit)

    return _plot(14.0, 150 if unit and unit != "date" else 132, draw, name)


def bars(groups: Mapping[str, Mapping[str, float]], names: Sequence[str], unit: str, name: str) -> Html:
    """Return horizontal bars: for each of ``names`` one of each group.

    Args:
        groups: Group to name to length.
        names: The names, top to bottom.
        unit: What lengths are measured in; ``%`` shows shares in [0, 1] as percentages.
        name: A prefix of the plot's ids, different for each plot of a page.
    """
    count = len(groups)
    thick = 0.8 / count
    factor = 100.0 if unit == "%" else 1.0

    def draw(axes: Axes) -> None:
        places = np.arange(len(names), dtype=float)
        for i, values in enumerate(groups.values()):
            lengths = [factor * values.get(n, 0.0) for n in names]
            axes.barh(places + (i - (count - 1) / 2) * thick, lengths, 0.9 * thick, color=SERIES[i % len(SERIES)])
        axes.set_yticks(places, [_label(n) for n in names], color=INK)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel(unit)
        axes.locator_params(axis="x", nbins=5, integer=unit != "%")
        axes.grid(axis="x", color=LINE, linewidth=1.0)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)

    margin = 14.0 + 7.4 * max((len(_label(n)) for n in names), default=0)
    return _plot(margin, int(44 + len(names) * max(20, 9 * count)), draw, name)


def curves(groups: Mapping[str, Sequence[float]], unit: str, name: str) -> Html:
    """Return each group's cumulative distribution.

    Args:
        groups: Group to its values at evenly spaced quantiles, from the least to the greatest.
        unit: What the values are.
        name: A prefix of the plot's ids, different for each plot of a page.
    """

    def draw(axes: Axes) -> None:
        for i, values in enumerate(groups.values()):
            axes.plot(values, np.linspace(0, 100, len(values)), color=SERIES[i % len(SERIES)], linewidth=1.8)
        axes.set_ylim(0, 100)
        axes.set_xlim(left=0)
        axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
        axes.set_xlabel(unit)
        axes.grid(axis="y", color=LINE, linewidth=1.0)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)

    return _plot(52.0, 190, draw, name)


def points(places: Mapping[str, tuple[float, float]], labels: tuple[str, str], level: float | None, name: str) -> Html:
    """Return named points, the first of them marked.

    Args:
        places: Name to (x, y).
        labels: What x and y are.
        level: A height that is marked by a line; None marks none.
        name: A prefix of the plot's ids, different for each plot of a page.
    """
    xs, ys = (np.array([place[i] for place in places.values()]) for i in (0, 1))

    def draw(axes: Axes) -> None:
        if level is not None:
            axes.axhline(level, color=SERIES[0], linewidth=1.4, linestyle=(0, (4, 3)))
        axes.scatter(xs, ys, color=[SERIES[1], *[SERIES[2]] * (len(xs) - 1)], s=36)
        low, high = (pick([*ys, *([] if level is None else [level])]) for pick in (min, max))
        room = max(high - low, 0.02)
        axes.set_xlim(min(0.45, xs.min() - 0.02), 1.02)
        ups = _apart(ys, 0.11 * room)
        axes.set_ylim(low - 0.12 * room, max(high, ups.max()) + 0.12 * room)
        for label, x, y, up in zip(places, xs, ys, ups, strict=True):
            right = x > 0.8
            axes.plot([x, x], [y, up], color=LINE, linewidth=1.0, zorder=0)
            axes.annotate(
                _label(label), (x, up), xytext=(-7 if right else 7, 0), textcoords="offset points", va="center",
                ha="right" if right else "left", fontsize=11.0,
            )  # fmt: skip
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        axes.locator_params(nbins=5)

    return _plot(62.0, 250, draw, name)


def _apart(heights: np.ndarray, least: float) -> np.ndarray:
    """Return heights moved up where two are nearer than ``least``, so that labels at them can be read."""
    out = heights.astype(float)
    last = -np.inf
    for place in np.argsort(heights, kind="stable"):
        out[place] = last = max(out[place], last + least)
    return out


def _plot(left: float, height: int, draw: Any, name: str) -> Html:
    """Run ``draw`` on fresh axes with a left margin in pixels, and return the picture as safe markup."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+")  # the page's own fonts draw the text
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        figure.patch.set_visible(False)
        foot, edge = 38.0 if left > 14 or height > 140 else 20.0, 14.0
        box = (left / WIDTH, foot / height, 1 - (left + edge) / WIDTH, 1 - (foot + 6) / height)
        axes = figure.add_axes(box)
        axes.patch.set_visible(False)
        draw(axes)
        return _markup(figure, name)


def _markup(figure: Figure, name: str) -> Html:
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(file.getvalue())
    width, height = (float(v) for v in root.get("viewBox", "0 0 1 1").split()[2:])
    inside = [m for child in root if (m := _rebuilt(child, name)) is not None]
    return element(
        "svg", *inside, viewBox=f"0 0 {width:g} {height:g}", class_="plot", aria_hidden="true", focusable="false"
    )


def _rebuilt(node: ElementTree.Element, name: str) -> Html | None:
    """Return an element with what is allowed of it, or None when it is not allowed itself."""
    tag = node.tag.rpartition("}")[2]
    if tag not in _TAGS:
        return None
    attributes: dict[str, str] = {}
    for key, value in node.attrib.items():
        key = key.rpartition("}")[2]
        if key == "id":
            attributes["id"] = f"{name}-{value}"
        elif key in _ATTRIBUTES:
            attributes[key] = _rounded(value)
        elif key == "href" and value.startswith("#"):
            attributes["href"] = f"#{name}-{value[1:]}"
        elif key == "clip-path" and (local := _LOCAL.fullmatch(value)):
            attributes["clip-path"] = f"url(#{name}-{local[1]})"
        elif key == "style" and (style := _style(value)):
            attributes["style"] = style
    children: list[Html | str | None] = [node.text.strip("\n") if node.text and tag in ("text", "tspan") else None]
    children += [_rebuilt(child, name) for child in node]
    return element(tag, *children, **attributes)


def _style(text: str) -> str:
    out = []
    for part in text.split(";"):
        key, _, value = (p.strip() for p in part.partition(":"))
        if key == "font" and (size := re.search(r"([\d.]+)px", value)):
            key, value = "font-size", f"{size[1]}px"
        if key in _PROPERTIES and _SAFE_VALUE.fullmatch(value) and "url" not in value:
            out.append(f"{key}:{f'var({_VARIABLES[value]})' if value in _VARIABLES else value}")
    return ";".join(out)


def _rounded(value: str) -> str:
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), value)


def _middle(values: np.ndarray) -> tuple[float, float]:
    """Return the range that holds all but the outermost hundredth of the values, never empty."""
    least, greatest = (float(v) for v in np.quantile(values, (0.005, 0.995)))
    if greatest > least and np.isfinite(greatest - least):
        return least, greatest
    wide = max(abs(least) * 0.01, 0.5)
    return least - wide, greatest + wide


def _day(seconds: float) -> str:
    return str(np.datetime64(round(seconds), "s").astype("datetime64[D]"))


def _label(text: str) -> str:
    """Return a name that fits beside its bars, without control characters, which XML has none of."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text) or "(empty)"
    return shown if len(shown) <= 24 else shown[:23] + "…"
