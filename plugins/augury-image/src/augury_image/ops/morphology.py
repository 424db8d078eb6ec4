"""Grey morphology: bright or dark parts grow by a few pixels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import cv2
import numpy as np

from augury.effects import Pixels
from augury.op import Info, Op
from augury.params import IntRange, Within
from augury.rng import Rng

_OPERATIONS = {"dilate": cv2.MORPH_DILATE, "erode": cv2.MORPH_ERODE, "open": cv2.MORPH_OPEN, "close": cv2.MORPH_CLOSE}


class Morphology(Op):
    """Let bright parts grow (dilate) or shrink (erode), or do both in turn: thin or heavy print, worn labels.

    Fields: image; targets stay: edges move by the radius, masks and boxes are not redrawn (Morphological of
        albumentations also changes masks).

    Args:
        operation: ``dilate``, ``erode``, ``open`` (erode, then dilate) or ``close``.
        radius_px_range: (lo, hi) of the round brush's radius in pixels.
    Draws: radius, each number equally likely.
    Cost: one pass, by OpenCV.
    """

    on = "image"

    operation: Literal["dilate", "erode", "open", "close"] = "dilate"
    radius_px_range: Annotated[IntRange, Within(1, 50)] = (1, 3)

    def draw(self, rng: Rng, info: Info) -> dict[str, int]:
        """Draw the radius."""
        return {"radius_px": rng.integer(*self.radius_px_range)}

    def effect(self, draw: Any, info: Info) -> Pixels:
        """Return the function."""
        return Pixels(morph, {"operation": self.operation, **draw}, ("uint8", "uint16", "float32"))


def morph(image: np.ndarray, operation: str, radius_px: int) -> np.ndarray:
    """Return the image after one morphological operation with a round brush."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1, 2 * radius_px + 1))
    return cv2.morphologyEx(image, _OPERATIONS[operation], brush).reshape(image.shape)
