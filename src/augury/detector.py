"""The detector contract: what finds near-duplicates of one kind.

Every value is made into a sketch of bytes once, while it is decoded. Two records are candidates when their sketches
share a band; of the candidates those are near-duplicates whose similarity reaches the recipe's ``near``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar

from augury.params import Configured


class Detector(Configured):
    """Base of all detectors: frozen parameters, no state, safe from any thread.

    Class attributes:
        on: The kind it compares, or several; "row" is the record's table columns together, as a mapping.
        columns: For detectors on "row": the kinds of the columns it compares.
        near: The similarity from which two values count as near-duplicates where the recipe says nothing, in (0, 1].
        fits: Whether `fit` must see all sketches before bands are made.
    """

    on: ClassVar[str | tuple[str, ...]] = ""
    columns: ClassVar[tuple[str, ...]] = ()
    near: ClassVar[float] = 0.9
    fits: ClassVar[bool] = False

    def sketch(self, value: Any, fields: Mapping[str, Any]) -> bytes | None:
        """Return what a canonical value is compared by (at most a few kilobytes), or None for one never compared.

        ``fields`` maps the field (for rows: its columns) to its `FieldSpec`. Deterministic in the value alone.
        """
        raise NotImplementedError

    def fit(self, sketches: Iterable[Sequence[bytes]]) -> Any:
        """Return a state from all sketches, in chunks: a function of their set, not of their order."""
        raise NotImplementedError

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return each sketch's bands, at most 16 bytes each: values at least ``near`` similar share one, nearly always.

        ``sketches`` are a chunk, so that numpy can work on many at a time; each is seen alone all the same.
        """
        raise NotImplementedError

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the similarity of each pair ``(a[i], b[i])`` in [0, 1]: symmetric, 1 for equal sketches."""
        raise NotImplementedError


def sample_of(sketches: Iterable[Sequence[bytes]], count: int) -> list[bytes]:
    """Return at most ``count`` different sketches, sorted: those of the lowest hashes, a function of their set.

    For `Detector.fit`, where statistics of a part will do. Cost: a hash a sketch; memory for twice ``count``.
    """
    kept: dict[bytes, bytes] = {}
    for chunk in sketches:
        kept.update((blake2b(sketch, digest_size=16).digest(), sketch) for sketch in chunk)
        if len(kept) > 2 * count:
            kept = {key: kept[key] for key in sorted(kept)[:count]}
    return sorted(kept[key] for key in sorted(kept)[:count])
