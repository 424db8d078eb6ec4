"""Which checks of the kit an entry is exempt from, and why: by hand, by what it says itself, by what is here."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from augury_bridges.making import table

BY_HAND = json.loads((Path(__file__).parents[1] / "tests" / "exempt.json").read_text())
WORDNET = ("AntonymAug", "SynonymAug")


def exempt(library: str) -> dict[str, dict[str, str]]:
    """Return {entry id: {check: reason}} for the entries of a library."""
    out: dict[str, dict[str, str]] = {}
    for name, row in table(library)["ops"].items():
        op = f"{library}.{name}"
        if "refused" in row:
            out[op] = {"loads": row["refused"]}
        elif "needs" in row and find_spec(row["needs"][0]) is None:
            out[op] = {"loads": f"needs the package {row['needs'][1]}, which is not installed here"}
        elif library == "nlpaug" and name in WORDNET and not _has_wordnet():
            out[op] = {"loads": "WordNet is not where NLTK looks; tools/wordnet.py makes it, NLTK_DATA names it"}
        elif op in BY_HAND:
            out[op] = dict.fromkeys(BY_HAND[op]["checks"], BY_HAND[op]["why"])
    return out


def _has_wordnet() -> bool:
    if find_spec("nlpaug") is None or find_spec("nltk") is None:
        return False
    from augury_bridges.nlpaug import has_wordnet

    return has_wordnet()
