"""Cleaners of pictures: which are worth keeping, and large ones in tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import cv2
import numpy as np

from augury.cleaner import Cleaner, CleanInfo, Rejection
from augury.effects import Effects, Warp
from augury.errors import ParamError, describe
from augury.params import Fraction, IntRange, Within
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSize
from augury_image.ops.geometry import PLANES
from augury_image.small import grey, reduced, seen

_BLANK_SIDE_PX = 64


class Valid(Cleaner):
    """Reject pictures of the wrong size or shape.

    Files that cannot be decoded whole, or whose header promises too many pixels, never come so far: the kind refuses
    them.

    Args:
        side_px_range: (lo, hi) of height and of width in pixels.
        max_aspect: Largest ratio of the longer side to the shorter one.

    Rejects: ``too_small``, ``too_large``, ``aspect``.

    Cost: nothing beside the decoding.
    """

    on = PLANES

    side_px_range: Annotated[IntRange, Within(1)] = (16, 32_767)
    max_aspect: Annotated[float, Within(1)] = 10.0

    def judge(self, value: np.ndarray, info: CleanInfo) -> Rejection | None:
        """Return the first of the reasons that holds."""
        (lo, hi), (height, width) = self.side_px_range, value.shape[:2]
        short, long = sorted((height, width))
        if short < lo or long > hi:
            reason = "too_small" if short < lo else "too_large"
            return Rejection(reason, f"{height} x {width} px, asked for sides of {lo} to {hi} px")
        if long > self.max_aspect * short:
            return Rejection("aspect", f"{height} x {width} px, asked for sides up to {self.max_aspect:g} to 1")
        return None


class Blank(Cleaner):
    """Reject pictures of one colour.

    The measure: the picture, times its opacity, is averaged down to at most 64 pixels a side; the difference between
    the highest and the lowest level of the channel where that is largest, as a share of the full range. So noise does
    not save an empty picture, and a line of text is enough to keep one.

    Args:
        spread: Least spread of levels, in [0, 1].

    Rejects: ``blank``.

    Cost: one averaging pass; about 0.2 ms for 640 x 480.
    """

    on = "image"

    spread: Fraction = 0.03

    def judge(self, value: np.ndarray, info: CleanInfo) -> Rejection | None:
        """Return ``blank`` unless the levels are spread enough."""
        spread = float(np.ptp(reduced(seen(value), _BLANK_SIDE_PX), axis=(0, 1)).max())
        if spread >= self.spread:
            return None
        return Rejection("blank", f"levels spread over {spread:.3f} of the range, asked for {self.spread:g}")


class Blurry(Cleaner):
    """Reject pictures without sharp detail.

    The measure: the variance of the Laplacian (four neighbours) of the luma on the scale 0 to 255, after the picture is
    averaged down so that its longer side is at most ``side_px``: pictures of all sizes are judged alike. Photographs in
    focus have some hundreds or thousands, out of focus below 50; what is right for smooth subjects (sky, X-rays,
    smears) is best read off a few of them.

    Args:
        sharpness: Least variance.
        side_px: The longer side at which it is measured; a smaller picture is measured as it is.

    Rejects: ``blurry``.

    Cost: two passes; about 0.5 ms for 640 x 480.

    Reference: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000.
    """

    on = "image"

    sharpness: Annotated[float, Within(0)] = 50.0
    side_px: Annotated[int, Within(16, 8192)] = 512

    def judge(self, value: np.ndarray, info: CleanInfo) -> Rejection | None:
        """Return ``blurry`` unless there is detail enough."""
        sharpness = laplacian_variance(value, self.side_px)
        if sharpness >= self.sharpness:
            return None
        return Rejection("blurry", f"a Laplacian of variance {sharpness:.1f}, asked for {self.sharpness:g}")


class Tiles(Cleaner):
    """Cut pictures into tiles of one size, exact copies; everything that lies on them follows and is cut.

    A picture no larger than a tile is left as it is. Tiles are numbered row by row.

    Args:
        size: Height and width of a tile in pixels.
        overlap_px: By how many pixels neighbours overlap, down and across.
        edge: The rest at the lower and right edge: ``shift`` moves the last tiles back so that they end with the
            picture (a side shorter than the tile gives shorter tiles), ``pad`` has black after it, ``drop`` leaves the
            rest out.

    Cost: a copy.
    """

    on = PLANES

    size: tuple[int, int] = (512, 512)
    overlap_px: tuple[int, int] = (0, 0)
    edge: Literal["shift", "pad", "drop"] = "shift"

    def check_params(self) -> None:
        """Refuse tiles without pixels, and overlaps that leave no step from one to the next."""
        where = self.entry_id or type(self).__name__
        if not all(1 <= side <= 32_767 for side in self.size):
            expected = "height and width from 1 to 32767 px"
            raise ParamError(describe(f"{where}.size", expected, self.size, fix="give [height, width]"))
        if not all(0 <= overlap < side for overlap, side in zip(self.overlap_px, self.size, strict=True)):
            expected = f"at least 0 and below the tile's {self.size} px"
            raise ParamError(describe(f"{where}.overlap_px", expected, self.overlap_px, fix="lower the overlap"))

    def pieces(self, value: np.ndarray, info: CleanInfo) -> int | None:
        """Return the number of tiles, None for a picture that fits one."""
        if info.size.height <= self.size[0] and info.size.width <= self.size[1]:
            return None
        rows, columns = self._starts(info.size)
        return len(rows) * len(columns)

    def effect(self, piece: int, info: CleanInfo) -> Effects:
        """Return one tile."""
        rows, columns = self._starts(info.size)
        y, x = rows[piece // len(columns)], columns[piece % len(columns)]
        height, width = self.size
        if self.edge == "shift":
            height, width = min(height, info.size.height), min(width, info.size.width)
        return Warp(geo.translation(-float(x), -float(y)), (height, width))

    def _starts(self, size: PlaneSize) -> tuple[Sequence[int], Sequence[int]]:
        rows, columns = (
            _starts(side, tile, tile - overlap, self.edge)
            for side, tile, overlap in zip(size[:2], self.size, self.overlap_px, strict=True)
        )
        return rows, columns


def _starts(side: int, tile: int, step: int, edge: str) -> list[int]:
    """Return where tiles of ``tile`` pixels begin along a side."""
    if side <= tile:
        return [] if edge == "drop" and side < tile else [0]
    starts = list(range(0, side - tile + 1, step))
    if starts[-1] + tile < side and edge != "drop":
        starts.append(side - tile if edge == "shift" else starts[-1] + step)
    return starts


def laplacian_variance(image: np.ndarray, side_px: int) -> float:
    """Return the variance of the Laplacian of the luma in [0, 255] at a longer side of at most ``side_px``."""
    luma = reduced(grey(seen(image)), side_px) * np.float32(255)
    return float(cv2.Laplacian(luma, cv2.CV_32F, ksize=1, borderType=cv2.BORDER_REFLECT).var())
