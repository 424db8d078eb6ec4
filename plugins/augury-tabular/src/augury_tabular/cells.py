"""table.cells: compares rows by the cells they share, for audits: another way than `table.near`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar

import numpy as np

from augury.detector import Detector
from augury.values import canonical_bytes

_BYTES = 6
_DIGITS = 3


class Cells(Detector):
    """Compare rows by the share of their columns that are equal, numbers to three significant digits.

    Every pair is a candidate: it is made for audits of samples, not for whole collections.

    Cost: a sketch about 3 us and 6 bytes a column; a comparison under 1 us.
    """

    on = "row"
    columns = ("number", "category", "boolean", "datetime")
    near: ClassVar[float] = 1.0

    def sketch(self, value: Mapping[str, Any], fields: Mapping[str, Any]) -> bytes | None:
        """Return a hash of each cell, in the order of the fields; None for a row without cells."""
        if all(value.get(name) is None for name in fields):
            return None
        return b"".join(_hash(value.get(name), spec) for name, spec in fields.items())

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return the one band that all share."""
        return [[b"*"] for _ in sketches]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the shares of equal cells; 0 for rows of other columns."""
        out = []
        for x, y in zip(a, b, strict=True):
            if len(x) != len(y):
                out.append(0.0)
                continue
            cells = range(0, len(x), _BYTES)
            out.append(sum(x[i : i + _BYTES] == y[i : i + _BYTES] for i in cells) / len(cells))
        return out


def _hash(cell: Any, spec: Any) -> bytes:
    if cell is None:
        return bytes(_BYTES)
    stored = spec.kind.pack(cell)
    if isinstance(stored, int | float) and not isinstance(stored, bool):
        stored = float(np.format_float_scientific(stored, precision=_DIGITS - 1))
    return blake2b(canonical_bytes(stored), digest_size=_BYTES).digest()
