"""image.thumbnail: compares pictures by their thumbnails, for audits: another way than `image.phash`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import cv2
import numpy as np

from augury.detector import Detector
from augury_image.small import grey, seen

_SIDE_PX = 24


class Thumbnail(Detector):
    """Compare pictures by the correlation of their grey thumbnails of 24 x 24 pixels, unrelated ones near 0.

    It tells copies by compression and size (0.999) from pictures that resemble each other; a crop of 5 % has 0.7 to
    0.98. Every pair is a candidate: it is made for audits of samples, not for whole collections.

    Cost: a sketch about 0.3 ms for 640 x 480, 576 bytes; a comparison under 1 us.
    """

    on = "image"
    near: ClassVar[float] = 0.99

    def sketch(self, value: np.ndarray, fields: Mapping[str, Any]) -> bytes | None:
        """Return the thumbnail, int8, less its mean, its greatest deviation at 127; None for a blank picture."""
        small = cv2.resize(grey(seen(value)), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
        deviation = small - small.mean()
        greatest = float(np.abs(deviation).max())
        return None if greatest < 2 / 255 else np.rint(deviation * (127 / greatest)).astype(np.int8).tobytes()

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return the one band that all share."""
        return [[b"*"] for _ in sketches]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the correlations, 0 for negative ones."""
        x, y = (np.frombuffer(b"".join(s), np.int8).reshape(-1, _SIDE_PX**2).astype(np.float64) for s in (a, b))
        size = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
        found = np.where((x == y).all(axis=1), 1.0, (x * y).sum(axis=1) / size)
        return [float(s) for s in np.clip(found, 0, 1)]
