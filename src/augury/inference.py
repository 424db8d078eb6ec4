"""Guessing a schema from a table: what each column is, why, and how missing values are written.

Everything is read as the cells stand; nothing is dropped or converted. The guess is meant to be read and corrected:
each column comes with its reason. The same rows in another order give the same guess.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from augury.catalog import registry
from augury.errors import DataError, describe, shown
from augury.formats.files import open_file, short_name
from augury.names import FIELD_NAME
from augury.record import FieldSpec
from augury.scalars import Category

MARKERS = ("", "?", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", "missing")
"""Texts that stand for a missing value wherever they occur, compared without case and surrounding spaces."""

TIME_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y", "%d %B %Y")
CLOCKS = ("", " %H:%M", " %H:%M:%S")
ORDERS = (
    ("very low", "low", "medium", "high", "very high"),
    ("low", "mid", "high"),
    ("small", "medium", "large"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("poor", "fair", "good", "very good", "excellent"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
)
"""Words known to have an order; a column of three or more of one row is ordinal."""

MOST_DECIMALS = 6
FEW_STRAYS = 0.01
"""Greatest share of cells that are no numbers in a column still taken for numbers."""


class Column(NamedTuple):
    """What was found out about a column.

    Args:
        name: Its name in the source.
        field: The name of the field it becomes: the same, where that is a field's name.
        options: The field's ``kind`` and options, as a recipe has them; None where the column is better left out.
        reason: Why, in words.
        missing: How many rows have no value.
    """

    name: str
    field: str
    options: Mapping[str, Any] | None
    reason: str
    missing: int


class Inferred(NamedTuple):
    """What was found out about a table.

    Args:
        columns: Its columns, in order.
        rows: How many rows were looked at.
        markers: The cells that mean "missing", as they are written.
        options: What the format needs to be told: ``delimiter``, ``missing``.
        problems: Rows that could not be read, each with its place and reason.
    """

    columns: tuple[Column, ...]
    rows: int
    markers: tuple[str, ...]
    options: Mapping[str, Any]
    problems: tuple[str, ...] = ()

    def fields(self) -> dict[str, Mapping[str, Any]]:
        """Return what a recipe has under ``fields:``."""
        return {c.field: c.options for c in self.columns if c.options is not None}

    def rename(self) -> dict[str, str]:
        """Return the columns that a recipe must map with ``as:``."""
        return {c.name: c.field for c in self.columns if c.options is not None and c.name != c.field}


def infer_file(path: str, *, label: str | None = None, rows: int | None = None) -> Inferred:
    """Guess the schema of a file of any installed format that has columns.

    Args:
        path: A local path or an fsspec URL.
        label: The column that holds the label, if any.
        rows: How many rows to look at; None is all.

    Raises:
        DataError: for a file that cannot be read, an empty one, or one that repeats a column's name.
    """
    from itertools import islice

    spec = next((e for e in registry().entries("formats") if _reads(e.spec, path)), None)
    if spec is None:
        known = sorted(x for e in registry().entries("formats") for x in getattr(e.spec, "extensions", ()))
        fix = f"give a file that ends with {', '.join(known)}"
        raise DataError(
            describe(path, "a table in an installed format", shown(Path(path).suffix or "no ending"), fix=fix)
        )
    given: dict[str, Any] = {"delimiter": _delimiter(path), "missing": []} if spec.id == "csv" else {}
    options = {k: v for k, v in given.items() if v is not None}
    reader = registry().load("formats", spec.id).build(options)
    names = reader.columns(path)
    fields = {name: FieldSpec(name, Category()) for name in names}
    cells: dict[str, list[Any]] = {name: [] for name in names}
    problems: list[str] = []
    for raw in islice(reader.read(path, fields), rows):
        if raw.problem:
            problems.append(f"{raw.where}: {raw.problem}")
        else:
            for name, column in cells.items():
                column.append(raw.values.get(name))
    if problems and not any(cells.values()):
        raise DataError(problems[0])
    found = infer(cells, label=label, where=short_name(path, path))
    missing = {"missing": sorted({"", *found.markers})} if spec.id == "csv" and {*found.markers} - {""} else {}
    kept = {k: v for k, v in options.items() if k != "missing"} | missing
    return found._replace(options=kept, problems=tuple(problems))


def _reads(spec: Any, path: str) -> bool:
    endings = getattr(spec, "extensions", ())
    name = path.lower().removesuffix(".gz")
    return bool(getattr(spec, "reads", False)) and any(name.endswith(x) for x in endings)


def _delimiter(path: str) -> str | None:
    """Return the delimiter by which most of the first lines have as many cells as the header; None is the usual one."""
    with open_file(path) as handle:
        text = io.TextIOWrapper(handle, encoding="utf-8-sig", errors="replace", newline="")
        head = "".join(line for line, _ in zip(text, range(20), strict=False))
    best, most = None, (0.5, 1)
    for delimiter in (",", "\t", ";", "|"):
        widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        score = (widths.count(widths[0]) / len(widths), widths[0]) if widths else most
        if score > most and score[1] > 1:
            best, most = delimiter, score
    own = "\t" if ".tsv" in path else ","
    return None if best in (None, own) else best


def infer(columns: Any, *, label: str | None = None, where: str = "table") -> Inferred:
    """Guess the schema of a table in memory.

    Args:
        columns: A mapping of names to cells, a pyarrow table, or a pandas or polars frame.
        label: The column that holds the label, if any.
        where: The place, for messages.

    Raises:
        DataError: for a table without rows or columns, and for two columns of one name.
    """
    cells = cells_of(columns, where)
    rows = len(next(iter(cells.values()), ()))
    if not rows:
        raise DataError(describe(where, "at least one row", shown("none"), fix="give a table with rows"))
    if label is not None and label not in cells:
        fix = "name a column of the table"
        raise DataError(describe(where, "a column for the label", label, name=label, known=cells, fix=fix))
    found, markers, keyed, taken = [], Counter[str](), False, set[str]()
    for name, values in cells.items():
        known, own = _without_missing(values)
        options, reason = _kind(name, known, rows, keyed)
        if name == label and options is not None:
            options = {**options, "role": "label"}
        keyed = keyed or (options or {}).get("role") == "key"
        markers.update(own)
        if own:
            shown_marks = ", ".join(repr(m) for m in sorted(own))
            reason += f"; {rows - len(known)} missing, written {shown_marks}"
        elif len(known) < rows:
            reason += f"; {rows - len(known)} missing"
        field = _field_name(name, taken)
        found.append(Column(name, field, options, reason, rows - len(known)))
    return Inferred(tuple(found), rows, tuple(sorted(markers)), {})


def cells_of(columns: Any, where: str = "table") -> dict[str, list[Any]]:
    """Return a table's columns as lists of plain values; see `infer` for what is taken.

    Raises:
        DataError: for two columns of one name.
    """
    if isinstance(columns, Mapping):
        return {str(name): list(values) for name, values in columns.items()}
    names = [str(n) for n in getattr(columns, "column_names", None) or list(columns.columns)]
    if repeated := [n for n, count in Counter(names).items() if count > 1]:
        fix = "rename one of the columns"
        raise DataError(describe(where, "column names that differ", repeated[0], fix=fix))
    if hasattr(columns, "to_pydict"):
        return {str(n): v for n, v in columns.to_pydict().items()}
    return {str(name): [_item(v) for v in columns[name].to_list()] for name in columns.columns}


def _item(value: Any) -> Any:
    return None if value is None or value != value or type(value).__name__ in ("NAType", "NaTType") else value


def _without_missing(values: Sequence[Any]) -> tuple[list[Any], set[str]]:
    """Return the known cells, and how missing ones are written."""
    known, marks = [], set()
    for value in values:
        if value is None or (isinstance(value, float) and value != value):
            continue
        if isinstance(value, str) and value.strip().lower() in MARKERS:
            marks.add(value)
        else:
            known.append(value)
    return known, marks


def _field_name(name: str, taken: set[str]) -> str:
    field = (
        name
        if FIELD_NAME.fullmatch(name) and name != "row"
        else re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "column"
    )
    if not FIELD_NAME.fullmatch(field) or field == "row":
        field = f"column_{field}"
    while field in taken:
        field += "_"
    taken.add(field)
    return field


Guess = tuple[Mapping[str, Any] | None, str]


def _kind(name: str, known: Sequence[Any], rows: int, keyed: bool) -> Guess:
    """Return the field's options and the reason."""
    if not known:
        return None, "no values at all: left out"
    distinct = Counter(str(v) if not isinstance(v, datetime | date) else v for v in known)
    if any(isinstance(v, list | dict | bytes) for v in known):
        return None, f"nested values ({type(known[0]).__name__}): left out; declare its kind to keep it"
    guess = _time(known) or _key(name, known, distinct, rows, keyed) or _truth(known, distinct)
    guess = guess or _number(known, distinct) or _words(known, distinct)
    return guess if len(distinct) > 1 else (guess[0], f"constant: always {next(iter(distinct))!r}; {guess[1]}")


def _time(known: Sequence[Any]) -> Guess | None:
    if all(isinstance(v, datetime | date) for v in known):
        return {"kind": "datetime"}, f"times from {min(map(str, known))} to {max(map(str, known))}"
    if not all(isinstance(v, str) and 6 <= len(v.strip()) <= 40 and re.search(r"\d\D+\d", v) for v in known):
        return None
    texts = sorted({v.strip() for v in known})
    if _all_parse(texts, None):
        return {"kind": "datetime"}, "ISO 8601 dates or times"
    fitting = [f + c for f in TIME_FORMATS for c in CLOCKS if _all_parse(texts, f + c)]
    if not fitting:
        return None
    other = f"; {fitting[1]} fits as well" if len(fitting) > 1 else ""
    return {"kind": "datetime", "format": fitting[0]}, f"all cells are like {fitting[0]}{other}"


def _all_parse(texts: Sequence[str], form: str | None) -> bool:
    try:
        for text in texts:
            datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)
    except ValueError:
        return False
    return all(not text.isdigit() for text in texts)


def _key(name: str, known: Sequence[Any], distinct: Counter[Any], rows: int, keyed: bool) -> Guess | None:
    """A column of all different whole numbers in a row, or texts without spaces: a key; later ones are ids."""
    if len(distinct) < rows or rows < 3:
        return None
    called = re.search(r"(^|[_\W])(id|key|uuid|guid|index)$|[a-z]I[dD]$", name) is not None
    whole = all(re.fullmatch(r"-?\d+", str(v)) for v in known)
    if whole:
        counted = {int(v) for v in known}
        if not called and not (max(counted) - min(counted) == rows - 1 and min(counted) in (0, 1)):
            return None
    elif not all(isinstance(v, str) and re.fullmatch(r"\S{1,64}", v) and not _float(v) for v in known) or (
        not called and rows < 20
    ):
        return None
    return {"kind": "id"} if keyed else {"kind": "id", "role": "key"}, "every row has another value"


def _truth(known: Sequence[Any], distinct: Counter[Any]) -> Guess | None:
    words = {str(v).strip().lower() for v in distinct}
    if all(isinstance(v, bool) for v in known) or (len(words) == 2 and words in ({"true", "false"}, {"yes", "no"})):
        return {"kind": "boolean"}, f"only {' and '.join(sorted(words))}"
    if words == {"0", "1"}:
        return {"kind": "boolean"}, "only 0 and 1"
    return None


def _number(known: Sequence[Any], distinct: Counter[Any]) -> Guess | None:
    texts = list(distinct)
    bad = [t for t in texts if not _float(t)]
    strays = sum(distinct[t] for t in bad)
    if strays > FEW_STRAYS * len(known) or strays == len(known):
        return None
    if any(re.fullmatch(r"[+-]?0\d+", t.strip()) for t in texts):
        return None
    values = [float(t) for t in texts if t not in set(bad)]
    finite = [v for v in values if math.isfinite(v)]
    infinite = sum(distinct[t] for t in texts if t not in set(bad) and not math.isfinite(float(t)))
    written = [t.strip() for t in texts if t not in set(bad)]
    whole = all(re.fullmatch(r"[+-]?\d+", t) for t in written)
    if whole and any(abs(int(t)) >= 2**53 for t in written):
        return {"kind": "id"}, "whole numbers beyond 2**53"
    options: dict[str, Any] = {"kind": "number"}
    if whole:
        options["integer"] = True
    elif finite and (decimals := _decimals(finite)) is not None:
        options["decimals"] = decimals
    if finite:
        lo, hi = min(finite), max(finite)
        options |= {"lo": int(lo), "hi": int(hi)} if whole else {"lo": lo, "hi": hi}
    digits = "" if whole else f", {options['decimals']} decimals" if "decimals" in options else ", all digits"
    reason = f"{'whole ' if whole else ''}numbers{digits}, bounds as seen, {len(finite)} different"
    reason += f"; {infinite} infinite" if infinite else ""
    if bad:
        reason += f"; {strays} no numbers, such as {min(bad)!r}: correct them, or name them in missing:"
    return options, reason


def _float(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in str(text)


def _decimals(values: Sequence[float]) -> int | None:
    """Return how many digits after the point hold every value exactly, None where more than `MOST_DECIMALS`."""
    for decimals in range(MOST_DECIMALS + 1):
        if all(round(v, decimals) == v for v in values):
            return decimals
    return None


def _words(known: Sequence[Any], distinct: Counter[Any]) -> Guess:
    lowered = {str(t).strip().lower() for t in distinct}
    for order in ORDERS:
        if len(lowered) >= 3 and lowered <= set(order) and len(lowered) == len(distinct):
            written = {str(t).strip().lower(): str(t) for t in distinct}
            values = [written[word] for word in order if word in written]
            return {"kind": "ordinal", "values": values}, "words with a known order"
    longest = sum(len(str(t).split()) * n for t, n in distinct.items()) / len(known)
    if longest >= 4 and len(distinct) > len(known) / 2 and "text" in registry().ids("kinds"):
        return {"kind": "text"}, f"{longest:.0f} words a cell, mostly different"
    mixed = sum(distinct[t] for t in distinct if _float(t))
    reason = f"{len(distinct)} different values"
    if 0 < mixed < len(known):
        other = min(str(t) for t in distinct if not _float(t))
        reason += f", mixed: {mixed} numbers and {len(known) - mixed} texts such as {other!r}"
    return {"kind": "category"}, reason
