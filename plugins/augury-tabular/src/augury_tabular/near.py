"""table.near: finds rows that are copies of each other but for rounding and a changed or missing cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from augury.detector import Detector, sample_of
from augury.params import Within
from augury.values import canonical_bytes

_NUMBER, _CATEGORY = b"n", b"c"
_LAYOUT_BYTES = 8
_BANDS = 16
_BITS = 32.0
_SHARE = 0.6
"""Most columns of a band: a row with one cell changed is the same in four bands of ten, with two in one or two."""

_POWER = 0.75
_SAMPLE = 4096
_CELL = 3
"""Width of a band's cells in tolerances: a number that moves by a tenth of one leaves its cell once in 30."""


class Near(Detector):
    """Find rows that hold the same but for rounded numbers and a cell or two that changed.

    Two cells agree fully where they are equal or both missing; numbers agree less the further they are apart, up to
    ``tolerance`` times their column's spread (what lies between its 5 % and 95 % quantiles), and not beyond. The
    similarity of two rows is the mean of the agreements, each column weighing as much as agreement in it says: the bits
    it is worth (minus the logarithm of how much two rows taken at random agree there) to the power 0.75. So a column in
    which most rows are equal weighs little, one of many different values much.

    Candidates share one of 16 bands. A band is of some columns, drawn at random until they are worth 32 bits or are six
    tenths of all: the categories, and the numbers' cells of three tolerances on a grid of the band's own, so that a
    number that is rounded over the edge of one grid lies inside the cells of others. A table of few bits has many
    candidates: rows that resemble each other are what it is made of.

    Args:
        tolerance: At which distance numbers count as different, as a share of the spread.

    Cost: a sketch about 10 us, 8 bytes and 9 a column; a band 50 ns a column and row; a comparison the same.

    Reference: Fellegi and Sunter, "A theory for record linkage", 1969 (the weights); Efraimidis and Spirakis, "Weighted
        random sampling with a reservoir", 2006 (the columns of a band).
    """

    on = "row"
    columns = ("number", "category", "boolean", "datetime")
    near: ClassVar[float] = 0.76
    fits: ClassVar[bool] = True

    tolerance: Annotated[float, Within(1e-9, 1)] = 0.02

    def sketch(self, value: Mapping[str, Any], fields: Mapping[str, Any]) -> bytes | None:
        """Return a hash of the columns, a byte for what each holds, and eight for its cell: a float64, or a hash.

        None for a row without cells.
        """
        kinds, cells = [], []
        for name, spec in fields.items():
            cell = value.get(name)
            number = spec.kind_id in ("number", "datetime")
            if spec.kind_id == "datetime" and cell is not None:
                cell = np.datetime64(spec.kind.pack(cell), "us").astype(np.int64)
            kinds.append(_NUMBER if number else _CATEGORY)
            cells.append(_number(cell) if number else _category(cell))
        if not any(value.get(name) is not None for name in fields):
            return None
        return b"".join([_layout(tuple(fields), b"".join(kinds)), *kinds, *cells])

    def fit(self, sketches: Iterable[Sequence[bytes]]) -> Any:
        """Return, for each set of columns, at which distance numbers differ and what each column is worth in bits.

        They are told from at most 4096 different rows.
        """
        layouts = _by_layout(sample_of(sketches, _SAMPLE))
        return {name: self._weigh(_Table(rows)) for name, (_, rows) in layouts.items()}

    def _weigh(self, table: _Table) -> dict[str, NDArray[np.float64]]:
        numbers = np.where(np.isfinite(table.numbers), table.numbers, np.nan)
        known = ~np.isnan(numbers).all(axis=0)
        spread = np.ones(table.columns)
        lo, hi = np.nanquantile(numbers[:, known], (0.05, 0.95), axis=0) if known.any() else (0.0, 0.0)
        spread[known] = hi - lo
        wide = np.nanmax(numbers[:, known], axis=0) - np.nanmin(numbers[:, known], axis=0) if known.any() else 0.0
        spread[known] = np.where(spread[known] > 0, spread[known], wide)
        reach = np.where(spread > 0, spread, 1.0) * self.tolerance
        rows = len(table.hashes)
        shifts = [s for s in (1, 2, 3, 5, 8, 13, 21, 34) if s < rows]
        agree = [_agreement(table, table.rolled(shift), reach).mean(axis=0) for shift in shifts]
        chance = np.mean(agree, axis=0) if agree else np.ones(table.columns)
        return {"reach": reach, "bits": -np.log2(np.clip(chance, 1 / max(rows, 2), 1.0))}

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return 16 bands of nine bytes: the band's number and a hash of its columns' cells."""
        out: list[Sequence[bytes]] = [()] * len(sketches)
        for name, (places, rows) in _by_layout(sketches).items():
            for place, own in zip(places, self._bands(_Table(rows), state.get(name)), strict=True):
                out[place] = own
        return out

    def _bands(self, table: _Table, state: Any) -> list[list[bytes]]:
        state = state or self._weigh(table.first())
        rows = len(table.hashes)
        out = np.empty((rows, _BANDS), "<u8")
        for band in range(_BANDS):
            columns, offsets = _drawn(band, state["bits"])
            mixed = np.full(rows, band, np.uint64)
            for column in columns:
                if table.is_number[column]:
                    width = _CELL * state["reach"][column]
                    cells = np.floor(table.numbers[:, column] / width + offsets[column])
                    code = (cells + 0.0).view(np.uint64)  # no negative zero
                else:
                    code = table.hashes[:, column]
                mixed = _mix(mixed ^ _mix(code))
            out[:, band] = mixed
        return [[bytes([i]) + row[8 * i : 8 * i + 8] for i in range(_BANDS)] for row in map(bytes, out)]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the weighted agreement of each pair; 1 for equal rows, whatever the weights."""
        out = np.zeros(len(a))
        for name, (places, rows) in _by_layout(a).items():
            alike = [i for i, place in enumerate(places) if b[place][:_LAYOUT_BYTES] == rows[i][:_LAYOUT_BYTES]]
            if alike:
                at = [places[i] for i in alike]
                out[at] = self._similarity([rows[i] for i in alike], [b[i] for i in at], state.get(name))
        return [float(s) for s in out]

    def _similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> list[float]:
        first, second = _Table(a), _Table(b)
        state = state or self._weigh(first.first())
        agree = _agreement(first, second, state["reach"])
        weights = state["bits"] ** _POWER
        total = float(weights.sum())
        shares = agree @ weights / total if total > 0 else agree.mean(axis=1)
        return [1.0 if x == y else float(min(share, 1.0)) for x, y, share in zip(a, b, shares, strict=True)]


def _layout(names: tuple[str, ...], kinds: bytes) -> bytes:
    """Return a hash of the columns' names and kinds: only rows of the same columns are compared."""
    return blake2b(canonical_bytes([list(names), kinds]), digest_size=_LAYOUT_BYTES).digest()


def _by_layout(sketches: Sequence[bytes]) -> dict[str, tuple[list[int], list[bytes]]]:
    """Return the places and the sketches of rows of the same columns, by their layout in hexadecimal digits."""
    out: dict[str, tuple[list[int], list[bytes]]] = {}
    for place, sketch in enumerate(sketches):
        places, rows = out.setdefault(sketch[:_LAYOUT_BYTES].hex(), ([], []))
        places.append(place)
        rows.append(sketch)
    return out


class _Table:
    """Sketches of the same columns: (rows, columns) of numbers, NaN where there are none, and of the same bytes."""

    def __init__(self, sketches: Sequence[bytes]) -> None:
        self.columns = (len(sketches[0]) - _LAYOUT_BYTES) // 9
        begin = _LAYOUT_BYTES + self.columns
        self.is_number = np.frombuffer(sketches[0][_LAYOUT_BYTES:begin], np.uint8) == ord(_NUMBER)
        cells = b"".join(sketch[begin:] for sketch in sketches)
        self.hashes = np.frombuffer(cells, "<u8").reshape(len(sketches), self.columns)
        self.numbers = np.where(self.is_number, self.hashes.view("<f8"), np.nan)

    def rolled(self, by: int) -> _Table:
        """Return the rows in another order: each where the one ``by`` before it was."""
        return self._with(np.roll(self.hashes, by, axis=0), np.roll(self.numbers, by, axis=0))

    def first(self) -> _Table:
        """Return the first row alone."""
        return self._with(self.hashes[:1], self.numbers[:1])

    def _with(self, hashes: NDArray[np.uint64], numbers: NDArray[np.float64]) -> _Table:
        other = object.__new__(_Table)
        other.columns, other.is_number, other.hashes, other.numbers = self.columns, self.is_number, hashes, numbers
        return other


def _number(cell: Any) -> bytes:
    return np.float64(np.nan if cell is None else cell).tobytes()


def _category(cell: Any) -> bytes:
    return bytes(8) if cell is None else blake2b(canonical_bytes(cell), digest_size=8).digest()


def _agreement(a: _Table, b: _Table, reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much the cells of pairs of rows agree, in [0, 1], (rows, columns)."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.clip(1 - np.abs(a.numbers - b.numbers) / reach, 0, 1)
    return np.where(a.hashes == b.hashes, 1.0, np.nan_to_num(near))


def _drawn(band: int, bits: NDArray[np.float64]) -> tuple[list[int], NDArray[np.float64]]:
    """Return a band's columns, sorted, and where its grid begins in each column, in [0, 1) of a cell."""
    rng = np.random.Generator(np.random.Philox(key=band + 1))
    luck, offsets = rng.random((2, bits.size))
    with np.errstate(divide="ignore"):
        order = np.argsort(np.log(luck) / np.maximum(bits, 1e-9) ** 0.25)[::-1]
    most = max(1, math.ceil(_SHARE * bits.size))
    enough = int(np.searchsorted(np.cumsum(bits[order]), _BITS)) + 1
    return sorted(int(c) for c in order[: min(most, enough)]), offsets


def _mix(code: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64-bit numbers scrambled, a bijection (the finaliser of SplitMix64)."""
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return code ^ (code >> np.uint64(31))
