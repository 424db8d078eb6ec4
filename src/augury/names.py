"""Names: what an id may look like, and which known names a misspelt one is near."""

from __future__ import annotations

import re
from collections.abc import Iterable

ENTRY_ID = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?")
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return up to ``most`` known names near ``name``, best first.

    A name that equals the last part of a dotted one (``rotate`` for ``image.rotate``) counts as near.
    """
    from difflib import get_close_matches

    candidates = list(dict.fromkeys(known))
    tail = name.rsplit(".", 1)[-1]
    same_tail = [c for c in candidates if c.rsplit(".", 1)[-1] == tail]
    close = get_close_matches(name, candidates, n=most, cutoff=0.6)
    return list(dict.fromkeys(same_tail + close))[:most]
