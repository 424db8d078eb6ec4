"""Categories and booleans as codes, most frequent first; past the most codes, the rarest share hashed buckets.

A bucket is one code to the model; which of its categories a row gets is drawn by their frequency when decoding, so all
stay possible and none costs the model a row of its own. Ordinal columns keep their declared order. The last code is
"missing" where the column has missing values.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import Any

import numpy as np

from augury.errors import DataError, describe
from augury.rng import hash_point, key_uniforms
from augury.synthesis import Block
from augury_tabular.codecs.coding import Codes, Options, State


def fit(name: str, column: np.ndarray, options: Options) -> State:
    """Return the categories of an object column by code. Cost: O(n)."""
    counts = Counter(value for value in column.tolist() if value is not None)
    if options.order:
        ranked = [value for value in options.order if value in counts]
    else:
        ranked = sorted(counts, key=lambda value: (-counts[value], type(value).__name__, value))
    own, rare = (ranked, []) if len(ranked) <= options.codes else _parted(ranked, options.codes // 2)
    buckets: dict[int, list[Any]] = {}
    for value in rare:
        buckets.setdefault(hash_point(str(value)) % (options.codes - options.codes // 2), []).append(value)
    groups = [[value] for value in own] + [buckets[place] for place in sorted(buckets)]
    return {
        "coding": "category",
        "groups": groups,
        "counts": [[counts[value] for value in group] for group in groups],
        "ordinal": bool(options.order),
        "missing": sum(counts.values()) < len(column),
    }


def _parted(items: list[Any], at: int) -> tuple[list[Any], list[Any]]:
    return items[:at], items[at:]


def blocks(name: str, state: State) -> tuple[Block, ...]:
    """Return the one block."""
    return (Block(name, "category", size=len(state["groups"]) + state["missing"], ordinal=state["ordinal"]),)


def encode(name: str, state: State, column: np.ndarray) -> Codes:
    """Return each category's code. Cost: O(n + categories)."""
    codes = {value: code for code, group in enumerate(state["groups"]) for value in group}
    if state["missing"]:
        codes[None] = len(state["groups"])
    try:
        return (np.fromiter((codes[value] for value in column.tolist()), dtype=np.int32, count=len(column)),)
    except KeyError as error:
        value = error.args[0]
        fix = "drop those rows, or fit on rows that have it"
        known = [str(v) for v in codes if v is not None]
        expected = "a category of the rows fitted" if value is not None else "no missing values, as in the rows fitted"
        text = describe(f"column {name!r}", expected, value, name=str(value), known=known, fix=fix)
        raise DataError(text) from error


def decode(state: State, codes: Codes, keys: np.ndarray) -> np.ndarray:
    """Return each code's category, drawn by frequency inside a bucket. Cost: O(n + categories)."""
    groups = [group or [None] for group in state["groups"]]
    sizes = np.array([len(group) for group in groups], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    values = np.empty(int(starts[-1]) + 1, dtype=object)
    values[:-1] = [value for group in groups for value in group]
    missing = codes[0] >= len(groups)
    code = np.where(missing, 0, codes[0])
    place = starts[code]
    for bucket in np.unique(code[sizes[code] > 1]):
        rows = np.flatnonzero(code == bucket)
        total = np.array(list(accumulate(state["counts"][bucket])), dtype=np.float64)
        place[rows] += np.searchsorted(total / total[-1], key_uniforms(keys[rows]), side="right")
    place[missing] = len(values) - 1
    return values[place]


def narrow(name: str, state: State, only: Any) -> tuple[State, Codes]:
    """Keep the wanted categories; ``only`` is one or a list, None is "missing".

    Raises:
        DataError: for one that the rows fitted do not have.
    """
    wanted = list(only) if isinstance(only, list | tuple | set | frozenset) else [only]
    known = {value for group in state["groups"] for value in group} | ({None} if state["missing"] else set())
    for value in wanted:
        if value not in known:
            fix = "use a category of the rows fitted"
            names = [str(v) for v in known]
            raise DataError(
                describe(f"column {name!r}", "a known category", value, name=str(value), known=names, fix=fix)
            )
    kept = [[i for i, value in enumerate(group) if value in wanted] for group in state["groups"]]
    allowed = [code for code, places in enumerate(kept) if places]
    groups = [[g[i] for i in places] if places else g for g, places in zip(state["groups"], kept)]
    counts = [[c[i] for i in places] if places else c for c, places in zip(state["counts"], kept)]
    codes = allowed + ([len(groups)] if None in wanted else [])
    return {**state, "groups": groups, "counts": counts}, (np.array(codes, dtype=np.int32),)
