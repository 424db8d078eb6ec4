"""The gallery: a few records of each collection, the originals beside their copies, small enough for a page."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from augury.dataset.columns import COPY
from augury.dataset.identity import plain_value
from augury.errors import FieldError
from augury.formats.beside import ROW_ID
from augury.preview.drawing import Scale
from augury.preview.markup import Html, element, join
from augury.preview.showing import draw, marks_of, marks_on, pair, plain, view_of
from augury.record import FieldSpec, Record, Schema
from augury.report.blocks import Section, note, section
from augury.report.figures import Group, Measured
from augury.views import Cover, Mark, Picture, Sound, View, Words

RECORDS = 3
"""Records of each collection that are shown."""

SIDE = 480
"""Pictures are made no larger than this, in pixels."""

SOUND_BYTES = 240_000
"""Bytes of a recording that can be played."""

WORDS = 2000
"""Characters of a text that are shown."""

PAGE_BYTES = 5_000_000
"""Bytes of all that is shown; what does not fit is left out."""

Row = Mapping[str, Any]


def gallery(measured: Sequence[Measured]) -> Section | None:
    """Return the records of every collection that has rows."""
    parts: list[Html] = []
    left = PAGE_BYTES
    for i, each in enumerate(measured):
        side = _side(each)
        if side is None:
            continue
        share = left // (len(measured) - i)
        shown = _collection(each, side, share)
        left -= len(shown)
        parts.append(shown)
    intro = "Chosen by a hash of seed and id, originals beside their first copies. What lies on a value is drawn on it."
    return section("gallery", "Records", *parts, intro=intro) if parts else None


def _side(measured: Measured) -> str | None:
    """Return the side to show: the one with most copies, else with most rows."""
    filled = [g for g in measured.groups if g.rows and g.side in measured.gallery]

    def weight(group: Group) -> tuple[bool, int]:
        return group.origin != "original", group.rows

    return max(filled, key=weight).side if filled else None


def _collection(measured: Measured, side: str, room: int) -> Html:
    pairs = _pairs(measured.gallery[side])
    schema = Schema(measured.fields.values())
    title = element("h3", measured.collection, element("span", f" {side}"))
    if all(spec.kind.space == "row" or spec.kind_id == "distribution" for spec in measured.fields.values()):
        return join(title, _table(schema, pairs))
    cards: list[Html] = []
    for old, new in pairs:
        try:
            card = _card(schema, old, new)
        except Exception as error:  # kinds are anyone's, and one that cannot be shown must not cost the whole report
            card = note(f"A record cannot be shown: {type(error).__name__}: {error}")
        if sum(map(len, cards)) + len(card) > room:
            cards.append(note("More would make this page too large."))
            break
        cards.append(card)
    return join(title, *cards)


def _pairs(rows: pa.Table) -> list[tuple[Row | None, Row | None]]:
    """Return records as (original, first copy), those with both before the others, in the order of their keys."""
    found: dict[str, list[Row | None]] = {}
    for row in rows.to_pylist():
        copy = row[COPY]
        source = row[ROW_ID] if copy is None else row[ROW_ID].rpartition("@")[0]
        entry = found.setdefault(source, [None, None])
        if copy is None:
            entry[0] = row
        elif entry[1] is None or copy < entry[1][COPY]:
            entry[1] = row
    every = sorted(found.values(), key=lambda entry: sum(row is None for row in entry))
    return [(entry[0], entry[1]) for entry in every[:RECORDS]]


def _record(schema: Schema, row: Row) -> Record:
    out = {}
    for name, spec in schema.fields.items():
        if row[name] is not None:
            try:
                out[name] = spec.kind.unpack(plain_value(spec, row[name]))
            except FieldError:
                continue
    return out


# -- records with views ----------------------------------------------------------------------------------------------


def _card(schema: Schema, old: Row | None, new: Row | None) -> Html:
    both = [row for row in (old, new) if row is not None]
    records = [_record(schema, row) for row in both]
    words = ["original" if row[COPY] is None else f"copy {row[COPY]}" for row in both]
    figures: list[Html] = []
    drawn: set[str] = set()
    for spec in schema.fields.values():
        views = [_small(view_of(spec.kind, record.get(spec.name))) for record in records]
        first = views[0]
        if first is None:
            continue
        targets = schema.targets(spec.name)
        drawn |= {spec.name, *(t.name for t in targets if marks_of(t.kind, records[0].get(t.name)) is not None)}
        marks = [_near(marks_on(targets, record), view) for record, view in zip(records, views, strict=True)]
        if len(records) == 2:
            figures.extend(pair(spec, (first, marks[0]), (views[1], marks[1])))
        else:
            figures.append(_alone(spec, first, marks[0]))
    heads = [element("div", word, class_="side") for word in words] if figures else []
    grid = element("div", *heads, *figures, class_="pair" if len(records) == 2 else "single") if figures else None
    facts = [
        _fact(spec, records)
        for name, spec in schema.fields.items()
        if name not in drawn and any(name in r for r in records)
    ]
    rest = element("dl", *facts, class_="facts") if facts else None
    name = both[-1][ROW_ID] if len(both) == 1 else both[0][ROW_ID]
    return element("article", element("h4", name), grid, rest)


def _alone(spec: FieldSpec, view: View, marks: list[Mark]) -> Html:
    changes = [False] * len(view.text) if isinstance(view, Words) else []
    scale = Scale.of([view] if isinstance(view, Sound) else [])
    caption = element("figcaption", spec.name, element("span", f" {spec.kind_id}"))
    return element("figure", caption, draw(view, marks, spec.name, scale, "del", changes))


def _fact(spec: FieldSpec, records: Sequence[Record]) -> Html:
    role = element("span", f" {spec.role}") if spec.role else None
    return element("div", element("dt", spec.name, role), element("dd", _change(spec, records)))


def _change(spec: FieldSpec, records: Sequence[Record]) -> Html:
    values = [plain(spec.kind, record.get(spec.name)) for record in records]
    if len(set(values)) == 1:
        return join(values[0])
    return join(element("del", values[0]), " ", element("ins", values[1]))


def _table(schema: Schema, pairs: Sequence[tuple[Row | None, Row | None]]) -> Html:
    """Return records of plain fields: a line each, what the copy changed marked."""
    fields = list(schema.fields.values())
    head = [element("th", "record", scope="col")]
    head += [element("th", f.name, element("span", f" {f.role or f.kind_id}"), scope="col") for f in fields]
    lines = []
    for old, new in pairs:
        rows = [row for row in (old, new) if row is not None]
        records = [_record(schema, row) for row in rows]
        cells = [element("td", _change(spec, records)) for spec in fields]
        lines.append(element("tr", element("th", rows[0][ROW_ID], scope="row"), *cells))
    caption = element("caption", "Originals, and what their first copies changed")
    whole = element("table", caption, element("thead", element("tr", *head)), element("tbody", *lines))
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label="Records")


# -- small enough ----------------------------------------------------------------------------------------------------


def _small(view: View | None) -> View | None:
    if isinstance(view, Picture):
        return view._replace(data=_reduced(view.data, SIDE))
    if isinstance(view, Sound):
        return _cut(view)
    if isinstance(view, Words) and len(view.text) > WORDS:
        return Words(view.text[:WORDS] + "…")
    return view


def _near(marks: list[Mark], view: View | None) -> list[Mark]:
    """Return marks that fit the shown part: covers made small, runs past the cut text left out."""
    out: list[Mark] = []
    for mark in marks:
        if isinstance(mark, Cover):
            mark = Cover(_reduced(mark.data, SIDE))
        elif isinstance(view, Words) and getattr(mark, "start", 0) >= len(view.text):
            continue
        out.append(mark)
    return out


def _reduced(data: bytes, side: int) -> bytes:
    """Return an encoded picture whose longer side is at most ``side``; a small one is kept exactly."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        if max(picture.size) <= side:
            return data
        smooth = picture.mode != "RGBA"
        picture.thumbnail((side, side), Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST)
        out = io.BytesIO()
        if picture.format == "JPEG":
            picture.save(out, "JPEG", quality=82)
        else:
            picture.save(out, "PNG", optimize=True)
        return out.getvalue()


def _cut(view: Sound) -> Sound:
    """Return a recording of which only as much can be played as the page has room for."""
    if len(view.wav) <= SOUND_BYTES:
        return view
    out = io.BytesIO()
    with wave.open(io.BytesIO(view.wav)) as source, wave.open(out, "wb") as target:
        target.setparams(source.getparams())
        frames = SOUND_BYTES // (source.getsampwidth() * source.getnchannels())
        target.writeframes(source.readframes(frames))
        seconds = frames / source.getframerate()
    told = view.note.partition("; plays")[0]
    return view._replace(wav=out.getvalue(), note=f"{told}; plays the first {seconds:.1f} s")
