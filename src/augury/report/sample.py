"""A keyed sample of rows: those whose keys are least, whatever order they come in, in bounded memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


class KeyedSample:
    """Keeps the rows with the ``most`` smallest keys, as many of them as ``most_bytes`` allow.

    The result is a function of the set of rows alone. Memory is twice the limits, plus one batch.
    """

    def __init__(self, most: int, most_bytes: int = 64 << 20) -> None:
        """Start without rows.

        Args:
            most: Rows that are kept.
            most_bytes: Bytes of rows that are kept; the first row is kept whatever its size.
        """
        self.most, self.most_bytes = most, most_bytes
        self._tables: list[pa.Table] = []
        self._keys: list[np.ndarray] = []
        self._held = self._bytes = 0
        self._bound = np.uint64(2**64 - 1)

    def add(self, rows: pa.Table, keys: np.ndarray) -> None:
        """Take rows with their keys (uint64, one each)."""
        wanted = keys <= self._bound
        if not wanted.any():
            return
        rows = rows.filter(pa.array(wanted))
        self._tables.append(rows)
        self._keys.append(keys[wanted])
        self._held += rows.num_rows
        self._bytes += rows.nbytes
        if self._held > 2 * self.most or self._bytes > 2 * self.most_bytes:
            self._settle()

    def rows(self) -> pa.Table | None:
        """Return the sample in the order of the keys; None when there was no row."""
        if not self._tables:
            return None
        self._settle()
        return self._tables[0]

    def _settle(self) -> None:
        keys = np.concatenate(self._keys)
        rows = pa.concat_tables(self._tables)
        order = np.argsort(keys, kind="stable")
        kept = order[: self.most]
        if rows.nbytes > self.most_bytes:
            total = np.cumsum([rows.slice(int(i), 1).nbytes for i in kept])
            kept = kept[: max(1, int(np.searchsorted(total, self.most_bytes, side="right")))]
        if len(kept) < len(order):
            self._bound = keys[kept[-1]]
        self._tables = [rows.take(pa.array(kept)).combine_chunks()]
        self._keys = [keys[kept]]
        self._held, self._bytes = len(kept), self._tables[0].nbytes
