"""Showing values: two forms of a field side by side, and plain values as short text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from augury.kinds import Kind
from augury.preview.drawing import Scale, draw_picture, draw_sound
from augury.preview.markup import Html, element
from augury.preview.words import changed, draw_words
from augury.record import FieldSpec, Record
from augury.views import Mark, Picture, Sound, View, Words


def view_of(kind: Kind, value: Any) -> View | None:
    """Return what a person sees of an anchor's value, or None where there is nothing to see."""
    if value is None:
        return None
    shown = kind.show(value)
    return shown if isinstance(shown, View) else None


def marks_of(kind: Kind, value: Any) -> list[Mark] | None:
    """Return the marks of a target's value, or None where the kind has none."""
    if value is None:
        return None
    shown = kind.show(value)
    return None if shown is None or isinstance(shown, View) else list(shown)


def marks_on(targets: tuple[FieldSpec, ...], record: Record) -> list[Mark]:
    """Return the marks of all targets of an anchor."""
    return [mark for t in targets for mark in marks_of(t.kind, record.get(t.name)) or ()]


def pair(spec: FieldSpec, old: tuple[View, list[Mark]], new: tuple[View | None, list[Mark]]) -> Iterator[Html]:
    """Yield the two figures of a field."""
    differs: tuple[list[bool], list[bool]] = ([], [])
    if isinstance(old[0], Words):
        differs = changed(old[0].text, new[0].text) if isinstance(new[0], Words) else ([False] * len(old[0].text), [])
    scale = Scale.of([v for v, _ in (old, new) if isinstance(v, Sound)])
    for (view, marks), name, changes in ((old, "del", differs[0]), (new, "ins", differs[1])):
        caption = element("figcaption", spec.name, element("span", f" {spec.kind_id}"))
        drawn = draw(view, marks, spec.name, scale, name, changes)
        yield element("figure", caption, drawn, class_="old" if name == "del" else "new")


def draw(view: View | None, marks: list[Mark], title: str, scale: Scale, name: str, changes: list[bool]) -> Html:
    """Return a view with its marks; ``name`` (``del`` or ``ins``) is the element around the ``changes`` of a text."""
    if isinstance(view, Picture):
        return draw_picture(view, marks, title)
    if isinstance(view, Sound):
        return draw_sound(view, marks, title, scale)
    if isinstance(view, Words):
        return draw_words(view.text, marks, changes, name)
    return element("p", "not there", class_="note")


def plain(kind: Kind, value: Any) -> str:
    """Return any value as short text."""
    if value is None:
        return "(none)"
    if kind.payload:
        return f"({kind.entry_id})"
    return short(value if isinstance(value, str | int | float | Mapping) else kind.pack(value))


def short(value: Any) -> str:
    """Return a plain value as text of at most 120 characters."""
    if isinstance(value, float):
        text = f"{value:.6g}" if abs(value) >= 1000 else f"{value:.4g}"
    elif isinstance(value, Mapping):
        text = ", ".join(f"{k} {short(v)}" for k, v in value.items())
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(short(v) for v in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= 120 else text[:117] + "…"
