"""image.phash: finds pictures that are copies of each other but for compression, size and a slight crop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from augury.detector import Detector
from augury_image.small import grey, reduced, seen

_KEPT_SIDES = (1.0, 0.975, 0.95)
"""Shares of the sides of the views a picture is hashed by, all about its middle: the whole of a picture that was
cropped by 5 % is one of the views of the picture it was cropped from."""

_SIDE_PX, _FREQUENCIES = 32, 8
_HASH_BYTES = _FREQUENCIES**2 // 8
_LOW = 24
_BANDED_VIEWS = (0, 2)
_BANDS, _BITS = 8, 18
_REDUCED_PX = 256
_LEAST_SPREAD = 2 / 255


class Phash(Detector):
    """Find pictures that look the same but for compression, size, slight changes of tone, and a crop of up to 5 %.

    A view's hash is the usual perceptual one: the luma at 32 x 32 pixels, its discrete cosine transform, and for each
    of the 8 x 8 lowest frequencies whether it is above their median. A picture has three views: whole, and about its
    middle with 97.5 % and 95 % of its sides. The similarity of two pictures is the share of equal bits of the two views
    that are most alike; unrelated ones have about 0.55. Candidates share one of 16 bands of 18 bits: signs of random
    projections of the lowest 24 frequencies, of two views.

    Mirrored and turned pictures are other pictures. One without any detail is compared with none.

    Cost: a sketch about 1 ms for 640 x 480, 72 bytes; a comparison under 1 us.

    Reference: Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010; sign projections:
        Charikar, "Similarity estimation techniques from rounding algorithms", 2002.
    """

    on = "image"
    near: ClassVar[float] = 0.78

    def sketch(self, value: np.ndarray, fields: Mapping[str, Any]) -> bytes | None:
        """Return the hash of each view, then the lowest frequencies, int8, of two of them; None for a blank picture."""
        luma = grey(reduced(seen(value), _REDUCED_PX))
        if np.ptp(luma) < _LEAST_SPREAD:
            return None
        waves = [frequencies(_view(luma, kept)) for kept in _KEPT_SIDES]
        return b"".join(phash(w) for w in waves) + b"".join(_lowest(waves[i]) for i in _BANDED_VIEWS)

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return eight bands of each of two views, four bytes: the band's number and 18 signs."""
        low = np.frombuffer(b"".join(s[_HASH_BYTES * len(_KEPT_SIDES) :] for s in sketches), np.int8)
        points = low.reshape(len(sketches), len(_BANDED_VIEWS), _LOW).astype(np.float32)
        signs = (points @ _directions() > 0).reshape(len(sketches), len(_BANDED_VIEWS), _BANDS, _BITS)
        bits = np.packbits(signs, axis=3)
        return [[bytes([i]) + view[i].tobytes() for view in views for i in range(_BANDS)] for views in bits]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the share of equal bits of the views that are most alike."""
        apart = np.bitwise_count(_hashes(a)[:, :, None] ^ _hashes(b)[:, None, :]).min(axis=(1, 2), initial=64)
        return [float(s) for s in 1 - apart / (8 * _HASH_BYTES)]


def frequencies(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the 8 x 8 lowest frequencies of a grey picture at 32 x 32 pixels, (8, 8), the mean first."""
    small = cv2.resize(luma, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    waves: NDArray[Any] = cv2.dct(np.asarray(small, np.float32))[:_FREQUENCIES, :_FREQUENCIES]
    waves[0] *= np.sqrt(
        2
    )  # the transform is the plain one, not the orthonormal, as in the hash's other implementations
    waves[:, 0] *= np.sqrt(2)
    return waves


def phash(waves: NDArray[np.float32]) -> bytes:
    """Return for each frequency, row by row, whether it is above their median: 64 bits, the first one highest."""
    return np.packbits(waves > np.median(waves)).tobytes()


def _view(luma: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
    height, width = luma.shape[:2]
    h, w = max(1, round(kept * height)), max(1, round(kept * width))
    y, x = (height - h) // 2, (width - w) // 2
    return luma[y : y + h, x : x + w]


def _lowest(waves: NDArray[np.float32]) -> bytes:
    """Return the lowest frequencies but the mean, int8, the higher ones lifted, all brought to one size."""
    order, lift = _low_order()
    low = waves.ravel()[order] * lift
    return np.rint(low * (127 / max(float(np.abs(low).max()), 1e-9))).astype(np.int8).tobytes()


@lru_cache(maxsize=1)
def _low_order() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return where the lowest frequencies stand among the 64, and the root of each one's distance from the mean."""
    y, x = np.mgrid[:_FREQUENCIES, :_FREQUENCIES]
    distance = np.hypot(y, x).ravel()
    order = np.argsort(distance, kind="stable")[1 : _LOW + 1]
    return order, np.sqrt(distance[order]).astype(np.float32)


@lru_cache(maxsize=1)
def _directions() -> NDArray[np.float32]:
    made = np.random.Generator(np.random.Philox(key=7)).standard_normal((_LOW, _BANDS * _BITS))
    return made.astype(np.float32)


def _hashes(sketches: Sequence[bytes]) -> NDArray[np.uint64]:
    size = _HASH_BYTES * len(_KEPT_SIDES)
    return np.frombuffer(b"".join(s[:size] for s in sketches), np.uint64).reshape(-1, len(_KEPT_SIDES))
