"""Blocks that sections are made of: tables, plots with the table behind them, lists of examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from augury.preview.markup import Child, Html, element, join
from augury.report.facts import Left

MOST_ROWS = 50
"""Rows of one table; more are counted."""

SHORT = 24
"""Characters of values that are listed in one line; longer ones have lines of their own."""

_FIGURE = re.compile(r"\u2013|[\d,.]+( %| s| a second)?")


class Section(NamedTuple):
    """One section of the page: the name it is linked to by, its title, its markup."""

    name: str
    title: str
    markup: Html


def section(name: str, title: str, *children: Child, intro: Child = None) -> Section:
    """Return a section with its heading, an introduction and what it holds."""
    head = element("h2", title, id=f"{name}-title")
    words = element("p", intro, class_="intro") if intro else None
    return Section(name, title, element("section", head, words, *children, id=name, aria_labelledby=f"{name}-title"))


def note(*children: Child) -> Html:
    """Return a remark."""
    return element("p", *children, class_="note")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[Child | int | float]]) -> Html:
    """Return a table that scrolls by itself: the first column names the rows, columns of numbers are aligned right."""
    every = list(rows)
    shown = every[:MOST_ROWS]
    right = [bool(shown) and all(_is_figure(row[i]) for row in shown) for i in range(len(head))]
    heads = [element("th", h, scope="col", class_="number" if right[i] else None) for i, h in enumerate(head)]
    lines = [element("tr", *(_cell(value, i, right[i]) for i, value in enumerate(row))) for row in shown]
    if len(every) > len(shown):
        rest = f"and {number(len(every) - len(shown))} more, in report.json or the files it names"
        lines.append(element("tr", element("td", rest, colspan=len(head), class_="note")))
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *lines),
    )
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _is_figure(value: Child | int | float) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and _FIGURE.fullmatch(value) is not None)


def _cell(value: Child | int | float, column: int, right: bool) -> Html:
    text = value if isinstance(value, str) or value is None else number(value)
    if column == 0:
        return element("th", text, scope="row", class_="number" if right else None)
    return element("td", text, class_="number" if right else None)


def plot(title: str, legend: Sequence[str], drawing: Html, words: Child, behind: Html) -> Html:
    """Return a plot with its legend, what it says in words, and the table it was drawn from."""
    keys = [element("li", element("i", class_=f"s{i % 6}"), name) for i, name in enumerate(legend)]
    return element(
        "figure",
        element("figcaption", title),
        element("ul", *keys, class_="legend"),
        drawing,
        note(words) if words else None,
        element("details", element("summary", "The numbers"), behind),
        class_="plotted",
    )


def examples(left: Mapping[str, Left], one: str, many: str) -> list[Html]:
    """Return for each reason a block with its count and a few of its records, the commonest first."""
    out = []
    ordered = sorted(left.items(), key=lambda kv: (-kv[1]["count"], kv[0]))
    for reason, entry in ordered[:MOST_ROWS]:
        items = [
            element("li", element("code", e["id"]), " ", element("span", shortened(e["detail"], 400)))
            for e in entry["examples"][:10]
        ]
        more = entry["count"] - len(items)
        if items and more > 0:
            items.append(element("li", f"and {number(more)} more", class_="note"))
        summary = element("summary", element("b", reason), f" {count(entry['count'], one, many)}")
        whole = element("ul", *items, class_="examples") if items else note("No example was kept.")
        out.append(element("details", summary, whole, open=""))
    if len(ordered) > len(out):
        out.append(note(f"and {count(len(ordered) - len(out), 'further reason')}, in report.json"))
    return out


def tree(value: Any) -> Html:
    """Return nested JSON as nested lists of names and values."""
    if isinstance(value, Mapping):
        pairs = [join(element("dt", str(k)), element("dd", tree(v))) for k, v in list(value.items())[:MOST_ROWS]]
        return element("dl", *pairs, class_="tree") if pairs else element("span", "none", class_="note")
    if isinstance(value, list | tuple):
        if all(not isinstance(v, Mapping | list | tuple) and len(str(v)) <= SHORT for v in value):
            return element("span", ", ".join(_plain(v) for v in value[:MOST_ROWS]) or "none")
        return element("ul", *(element("li", tree(v)) for v in value[:MOST_ROWS]), class_="examples")
    return element("span", _plain(value))


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else shortened(str(value), 400)


def number(value: float) -> str:
    """Return a number for people: 12,345 and 0.1235."""
    if isinstance(value, int):
        return f"{value:,}"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.1f} %"


def count(n: int, one: str, many: str = "") -> str:
    """Return ``1 record``, ``2 records``: a number with its noun, whose plural is made with an s unless given."""
    return f"{number(n)} {one if n == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))


def shortened(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
