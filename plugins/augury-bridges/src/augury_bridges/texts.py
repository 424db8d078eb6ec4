"""Text transforms of other libraries as ops: what they changed is found by comparison, so that spans follow it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from importlib import import_module
from typing import Any

from augury.effects import Copy, Effects, Insert, Rope
from augury.errors import AuguryError
from augury.op import Info
from augury.rng import Rng
from augury_bridges.images import refusal
from augury_bridges.making import Bridged, installed
from augury_bridges.scope import seeded


class TextOp(Bridged):
    """A transform of texts."""

    on = "text"
    reads = frozenset({"value"})

    def draw(self, rng: Rng, info: Info) -> Any:
        """Return the edits: pairs [a, b] that stay and texts that are new."""
        seed = rng.seed()
        before = info.value
        after = rewritten(before, self.library, self.name, self.given, seed)
        edits: list[Any] = []
        for tag, a0, a1, b0, b1 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                edits.append([a0, a1])
            elif b1 > b0:
                edits.append(after[b0:b1])
        return {"edits": edits, "seed": seed, "library": installed(self.library)}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the edits as a rope."""
        return Rope(tuple(Insert(e) if isinstance(e, str) else Copy(e[0], e[1]) for e in draw["edits"]))


def rewritten(text: str, library: str, name: str, given: Mapping[str, Any], seed: int) -> str:
    """Run a transform on a text.

    Raises:
        FieldError: when the library cannot take it.
    """
    adapter: Any = import_module(f"augury_bridges.{library}")
    try:
        with seeded(seed):
            return str(adapter.rewrite(adapter.make(name, given), text))
    except AuguryError:
        raise
    except Exception as error:
        raise refusal(f"{library}.{name}", "a text", repr(text[:40]), error) from error
