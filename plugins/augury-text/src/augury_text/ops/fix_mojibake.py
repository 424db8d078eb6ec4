"""text.fix_mojibake: undo what reading a file in the wrong encoding did."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import ftfy
from rapidfuzz.distance import Levenshtein

from augury.effects import Effects
from augury.op import Info, Op
from augury.rng import Rng
from augury_text.edits import Edit, ropes, same_text

_PARTS = re.compile(r"[^\x00-\x7f]+|[\x00-\x7f]")


class FixMojibake(Op):
    """Repair text that was read in the wrong encoding, such as an accent shown as two strange letters.

    ftfy decides what is damaged; it leaves what could be meant. Quotes, ligatures, widths and normal form stay as they
    are (`text.normalize` is for those).

    Fields: text; labelled spans stay on what is repaired, tags on their words. A span that begins or ends inside
        a repaired character is dropped.

    Args:
        entities: Whether HTML entities such as ``&amp;`` are read too, in texts without a ``<``.

    Draws: nothing random; the edits that the text needs.

    Cost: about 1 us for ASCII text without entities; some 50 us for 100 characters beyond it.

    Reference: ftfy 6 (R. Speer).
    """

    on = "text"
    reads = frozenset({"value"})

    entities: bool = False

    def draw(self, rng: Rng, info: Info) -> Any:
        """Find the edits: {"field", "edits": a list of [start, end, replacement] for the one pass}."""
        return {"field": info.field, "edits": [[list(edit) for edit in self._repairs(info.value)]]}

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the edits as a rope; nothing where there are none."""
        return ropes(info.size.length, same_text(draw, info, self.entry_id))

    def _repairs(self, text: str) -> list[Edit]:
        if text.isascii() and not (self.entities and "&" in text):
            return []
        config = ftfy.TextFixerConfig(
            unescape_html="auto" if self.entities else False,
            remove_terminal_escapes=False,
            fix_latin_ligatures=False,
            fix_character_width=False,
            uncurl_quotes=False,
            fix_line_breaks=False,
            fix_surrogates=False,
            remove_control_chars=False,
            normalization=None,
            explain=False,
        )
        return differences(text, ftfy.fix_text(text, config))


def differences(old: str, new: str) -> list[Edit]:
    """Return the fewest edits that make ``new`` of ``old``; edits that touch are one.

    Runs of characters beyond ASCII are edited as a whole: their characters say nothing alone.
    """
    one, two = _PARTS.findall(old), _PARTS.findall(new)
    at = list(accumulate(map(len, one), initial=0))
    edits: list[Edit] = []
    for step in Levenshtein.opcodes(one, two):
        if step.tag == "equal":
            continue
        start, end, made = at[step.src_start], at[step.src_end], "".join(two[step.dest_start : step.dest_end])
        if edits and edits[-1][1] == start:
            start, made = edits[-1][0], edits.pop()[2] + made
        edits.append((start, end, made))
    return edits
