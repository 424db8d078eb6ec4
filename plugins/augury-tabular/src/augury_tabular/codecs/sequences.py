"""User histories as sequences: for each event a code of its item, of the gap before it, and of its other columns.

Every block is ``token`` of shape (length,) on the axis "t"; ``block?`` is 1 on the events, and the first 0 ends the
sequence. The first event's time is a scalar block. Histories longer than ``length`` keep their last events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from augury.params import Within
from augury.rng import branch_keys
from augury.synthesis import Batch, Block
from augury_tabular.codecs.coding import Options
from augury_tabular.codecs.events import CODINGS, Flat, HistoryCodec, event_keys

LONGEST = 256


class HistorySequence(HistoryCodec):
    """Encode one column of histories as sequences of codes.

    Args:
        length: Most events of a history; 0 takes the longest among 99 % of the users, at most 256.
        items: Most items that are a code of their own or share one; see `TableCodec.codes`.
        bins: Most quantile bins of gaps, ratings and other numbers.
    """

    length: Annotated[int, Within(0, 4096)] = 0
    items: Annotated[int, Within(16, 65536)] = 4096

    @property
    def most_items(self) -> int:
        """Most codes of items."""
        return self.items

    def learn(self, name: str, flat: Flat, options: Options) -> dict[str, Any]:
        """Return the length of a sequence."""
        usual = int(np.quantile(flat.lengths, 0.99, method="higher"))
        return {"length": self.length or min(LONGEST, max(1, usual))}

    def blocks(self, state: Mapping[str, Any]) -> list[Block]:
        """Return one token block a column of events."""
        out = []
        for part, fitted in state["columns"].items():
            (one,) = CODINGS[fitted["coding"]].blocks(part, fitted)
            name = f"{state['column']}#{part}"
            out.append(Block(name, "token", (state["length"],), "t", one.size, masked=True, ordinal=one.ordinal))
        return out

    def cut(self, state: Mapping[str, Any], flat: Flat) -> np.ndarray:
        """Return how many events come before the last ``length``."""
        return np.maximum(flat.lengths - state["length"], 0)

    def codes(self, state: Mapping[str, Any], flat: Flat) -> Batch:
        """Return the codes of the last events of each history."""
        name, length, batch = state["column"], state["length"], dict[str, np.ndarray]()
        kept = np.minimum(flat.lengths, length)
        place = np.arange(flat.lengths.sum()) - np.repeat(np.cumsum(flat.lengths) - kept, flat.lengths)
        inside = place >= 0
        for part, fitted in state["columns"].items():
            (codes,) = CODINGS[fitted["coding"]].encode(f"{name}.{part}", fitted, flat.columns[part])
            grid = np.zeros((len(kept), length), dtype=np.int32)
            grid[flat.owners[inside], place[inside]] = codes[inside]
            batch[f"{name}#{part}"] = grid
            batch[f"{name}#{part}?"] = (np.arange(length) < kept[:, None]).astype(np.float32)
        return batch

    def events(self, state: Mapping[str, Any], batch: Batch, keys: np.ndarray) -> Flat:
        """Return events up to the first end of the items."""
        name = state["column"]
        inside = np.logical_and.accumulate(np.asarray(batch[f"{name}#item?"]) > 0, axis=1)
        lengths = inside.sum(axis=1)
        each = event_keys(keys, lengths)
        columns = {}
        for part, fitted in state["columns"].items():
            codes = np.asarray(batch[f"{name}#{part}"])[inside]
            columns[part] = CODINGS[fitted["coding"]].decode(fitted, (codes,), branch_keys(each, part))
        return Flat(columns, lengths, None)
