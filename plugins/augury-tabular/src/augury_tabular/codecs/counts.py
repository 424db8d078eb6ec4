"""User histories as what they hold: one binary an item, and the number of events; the order is not kept.

What a user met comes back; how often each item, with which gaps and ratings, is drawn by how often they were seen: for
models of tastes rather than of sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from augury.params import Within
from augury.rng import branch_keys, key_uniforms
from augury.synthesis import Batch, Block
from augury_tabular.codecs import categories, numbers
from augury_tabular.codecs.coding import Options
from augury_tabular.codecs.events import CODINGS, Flat, HistoryCodec, event_keys


class HistoryCounts(HistoryCodec):
    """Encode one column of histories as items met and a number of events.

    Args:
        items: Most items that are a binary of their own or share one; see `TableCodec.codes`.
        bins: Most quantile bins of lengths, gaps, ratings and other numbers.
    """

    items: Annotated[int, Within(16, 65536)] = 2048

    @property
    def most_items(self) -> int:
        """Most codes of items."""
        return self.items

    def learn(self, name: str, flat: Flat, options: Options) -> dict[str, Any]:
        """Return the cells of lengths, and how often each code of each column comes."""
        shares = {}
        for part, values in flat.columns.items():
            coding = numbers if values.dtype.kind == "f" else categories
            fitted = coding.fit(part, values, options)
            (codes,) = coding.encode(part, fitted, values)
            shares[part] = (np.bincount(codes) / len(codes)).tolist()
        return {"lengths": numbers.fit(f"{name} (events)", flat.lengths.astype(np.float64), options), "shares": shares}

    def blocks(self, state: Mapping[str, Any]) -> list[Block]:
        """Return the binaries of the items, and the number of events."""
        name, items = state["column"], state["columns"]["item"]["groups"]
        return [Block(f"{name}#items", "binary", (len(items),)), *numbers.blocks(f"{name}#events", state["lengths"])]

    def codes(self, state: Mapping[str, Any], flat: Flat) -> Batch:
        """Return which items each user met, and how many events there were."""
        name, items = state["column"], state["columns"]["item"]
        (codes,) = categories.encode(f"{name}.item", items, flat.columns["item"])
        met = np.zeros((len(flat.lengths), len(items["groups"])), dtype=np.float32)
        met[flat.owners, codes] = 1.0
        (lengths,) = numbers.encode(f"{name} (events)", state["lengths"], flat.lengths.astype(np.float64))
        return {f"{name}#items": met, f"{name}#events": lengths}

    def events(self, state: Mapping[str, Any], batch: Batch, keys: np.ndarray) -> Flat:
        """Return every item met once, further events drawn among them by how often items come; order by key."""
        name = state["column"]
        met = np.asarray(batch[f"{name}#items"]) >= 0.5
        wanted = numbers.decode(state["lengths"], (np.asarray(batch[f"{name}#events"]),), branch_keys(keys, "events"))
        distinct = met.sum(axis=1)
        lengths = np.where(distinct > 0, np.maximum(np.round(wanted).astype(np.int64), distinct), 0)
        each = event_keys(keys, lengths)
        columns = {}
        for part, fitted in state["columns"].items():
            if part == "item":
                codes = _items(np.asarray(state["shares"]["item"]), met, lengths, each)
            else:
                total = np.cumsum(state["shares"][part])
                at = key_uniforms(branch_keys(each, f"{part} code"))
                codes = np.searchsorted(total / total[-1], at, side="right").astype(np.int32)
            columns[part] = CODINGS[fitted["coding"]].decode(fitted, (codes,), branch_keys(each, part))
        return Flat(columns, lengths, None)


def _items(often: np.ndarray, met: np.ndarray, lengths: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Return the item codes of all events."""
    again, order = (key_uniforms(branch_keys(each, purpose)) for purpose in ("again", "order"))
    out = np.empty(len(each), dtype=np.int32)
    end = 0
    for user in np.flatnonzero(lengths).tolist():
        own = np.flatnonzero(met[user])
        start, end = end, end + int(lengths[user])
        total = np.cumsum(often[own])
        more = own[np.searchsorted(total / total[-1], again[start : end - len(own)], side="right")]
        out[start:end] = np.concatenate([own, more])[np.argsort(order[start:end], kind="stable")]
    return out
