"""Small and grey versions of pictures: what cleaners and detectors look at."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augury_image.paint import UNIT

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def grey(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma (ITU-R BT.601), float32 (height, width, 1), of one or three channels."""
    return unit if unit.shape[2] == 1 else (unit @ _LUMA)[:, :, None]


def seen(image: np.ndarray) -> NDArray[np.float32]:
    """Return a picture as float32 in [0, 1] without its opacity, by which it is multiplied."""
    unit = image.astype(np.float32) / np.float32(UNIT[image.dtype])
    channels = unit.shape[2]
    return unit[:, :, :-1] * unit[:, :, -1:] if channels in (2, 4) else unit


def reduced(unit: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Return a picture averaged down to a longer side of at most ``side_px``."""
    height, width = unit.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return unit
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    out: Any = cv2.resize(unit, size, interpolation=cv2.INTER_AREA)
    return out.reshape(size[1], size[0], unit.shape[2])
