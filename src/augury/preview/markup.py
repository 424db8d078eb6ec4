"""Markup that cannot be forgotten to be escaped: text is text unless it is `Html`."""

from __future__ import annotations

from html import escape
from typing import TypeAlias


class Html(str):
    """Markup that is already safe."""

    __slots__ = ()


Child: TypeAlias = "str | Html | None"


def element(name: str, /, *children: Child, **attributes: str | float | None) -> Html:
    """Return an element; plain text in it and all attributes are escaped.

    Args:
        name: The element's name.
        children: Text and elements; None is left out.
        attributes: Attributes; ``class_`` is class, other underscores become hyphens, None is left out.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(f'{"class" if key == "class_" else key.replace("_", "-")}="{escape(shown)}"')
    inside = "".join(c if isinstance(c, Html) else escape(c) for c in children if c is not None)
    void = name in ("meta", "img", "br")
    return Html(f"<{' '.join(parts)}>" + ("" if void else f"{inside}</{name}>"))


def join(*children: Child) -> Html:
    """Return children one after another."""
    return Html("".join(c if isinstance(c, Html) else escape(c) for c in children if c is not None))
