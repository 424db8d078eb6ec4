"""Text, spans and token tags for augury: kinds, edits that keep labels in place, lexicons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury_text.kinds import Label, Spans, Tag, Tags, Text, tagged
    from augury_text.lexicon import Lexicon, load_lexicon
    from augury_text.sides import mirror_edits
    from augury_text.tagger import Tagger, load_tagger
    from augury_text.tokens import word_spans

_HOMES = {
    "Label": "kinds",
    "Lexicon": "lexicon",
    "Spans": "kinds",
    "Tag": "kinds",
    "Tagger": "tagger",
    "Tags": "kinds",
    "Text": "kinds",
    "load_lexicon": "lexicon",
    "mirror_edits": "sides",
    "tagged": "kinds",
    "load_tagger": "tagger",
    "word_spans": "tokens",
}

__all__ = [
    "Label",
    "Lexicon",
    "Spans",
    "Tag",
    "Tagger",
    "Tags",
    "Text",
    "load_lexicon",
    "load_tagger",
    "mirror_edits",
    "tagged",
    "word_spans",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
