"""Resampling kernels: one homography or dense map, applied to an array of any channel count.

Below a local scale of 2/3 the part of the source that is needed is first reduced by a power of two (area means), then
warped once. Maps that only permute whole pixels are copies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np

from augury.effects import Border, Interpolation, Matrix
from augury.spaces import geometry as geo
from augury_image.paint import filled

LEAST_UNREDUCED_SCALE = 2.0 / 3.0
"""Below this local scale the source is reduced before it is warped."""

MOST_WIDENED = 8
"""Three channels are warped as four where no more than so many pixels are read for one that is made."""

LINEAR = cv2.INTER_LINEAR

_BORDERS = {"constant": cv2.BORDER_CONSTANT, "reflect": cv2.BORDER_REFLECT, "replicate": cv2.BORDER_REPLICATE}
_INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
    "area": LINEAR,
}
_TO_CENTRES = geo.translation(-0.5, -0.5)
_FROM_CENTRES = geo.translation(0.5, 0.5)

Colour: TypeAlias = Sequence[float]
"""One number a channel, in the units of the array."""

Kernel: TypeAlias = Callable[[np.ndarray, Colour], np.ndarray]
"""Makes an output of an image and the colour of its border."""

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Pixels [x0, x1) x [y0, y1), as (x0, y0, x1, y1)."""


def resample(
    image: np.ndarray,
    matrix: Matrix,
    size: tuple[int, int],
    border: Border,
    colour: Colour,
    interpolation: Interpolation,
) -> np.ndarray:
    """Return a new array (height, width, channels) of ``size``: ``image`` moved by ``matrix``.

    Args:
        image: uint8, uint16 or float32, (height, width, channels).
        matrix: Source to output, continuous pixel coordinates.
        size: Height and width of the output.
        border: What lies outside the source.
        colour: The constant border's colour, one number a channel, in the array's units.
        interpolation: ``area`` is linear after the reduction.
    """
    whole = geo.is_whole_pixel(matrix)

    def kernel(part: np.ndarray, colour: Colour) -> np.ndarray:
        if whole:
            return permute(part, matrix, size, border, colour)
        return _warp(part, matrix, size, border, colour, interpolation)

    return _by_channels(kernel, image, colour, size)


def resample_dense(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, border: Border, colour: Colour, interpolation: Interpolation
) -> np.ndarray:
    """Return ``image`` sampled at source points float32 (height, width), one for every output pixel's centre."""
    half = np.float32(0.5)
    xs, ys = x - half, y - half
    flag, mode = _INTERPOLATIONS[interpolation], _BORDERS[border]

    def kernel(part: np.ndarray, colour: Colour) -> np.ndarray:
        return cv2.remap(part, xs, ys, flag, borderMode=mode, borderValue=colour)

    def wide(part: np.ndarray, colour: Colour) -> np.ndarray:
        return as_four(kernel, part, colour, x.size)

    return _by_channels(wide if flag == LINEAR else kernel, image, colour, x.shape)


def _by_channels(kernel: Kernel, image: np.ndarray, colour: Colour, size: tuple[int, ...]) -> np.ndarray:
    """Run a kernel on one, three or four channels at a time: colours hold four, and two OpenCV warps roughly."""
    channels = image.shape[2]
    if channels in (1, 3, 4):
        return kernel(image, colour).reshape(*size, channels)
    starts = [*range(0, channels, 4), *([channels - 1] if channels % 4 == 2 else [])]
    parts = [
        kernel(np.ascontiguousarray(image[:, :, a:b]), colour[a:b]).reshape(*size, b - a)
        for a, b in pairwise((*starts, channels))
    ]
    return np.concatenate(parts, axis=2)


def as_four(kernel: Kernel, image: np.ndarray, colour: Colour, made: int, read: Rectangle | None = None) -> np.ndarray:
    """Run a bilinear kernel of OpenCV, three channels as four: these take half the time, and the numbers are the same.

    Args:
        kernel: What is run.
        image: Of one, three or four channels.
        colour: The border's colour.
        made: How many pixels the kernel makes. Where it reads many more than that, three channels stay three.
        read: Holds all the pixels that the kernel reads; None is the whole image.
    """
    height, width, channels = image.shape
    x0, y0, x1, y1 = read or (0, 0, width, height)
    if channels != 3 or (x1 - x0) * (y1 - y0) > MOST_WIDENED * made:
        return kernel(image, colour)
    wide = np.empty((height, width, 4), image.dtype)
    cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_RGB2RGBA, dst=wide[y0:y1, x0:x1])
    return cv2.cvtColor(kernel(wide, (*colour, 0.0)), cv2.COLOR_RGBA2RGB)


def gather(image: np.ndarray, x0: int, y0: int, x1: int, y1: int, border: Border, colour: Colour) -> np.ndarray:
    """Return the pixels [y0, y1) x [x0, x1), those outside the image by ``border``. A view where all are inside."""
    height, width = image.shape[:2]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return image[y0:y1, x0:x1]
    if border == "constant":
        left, top = min(max(x0, 0), width), min(max(y0, 0), height)
        right, bottom = max(min(x1, width), left), max(min(y1, height), top)
        if right == left or bottom == top:
            return filled((y1 - y0, x1 - x0), tuple(colour), image.dtype)
        inner = image[top:bottom, left:right]
        pads = (top - y0, y1 - bottom, left - x0, x1 - right)
        return cv2.copyMakeBorder(inner, *pads, cv2.BORDER_CONSTANT, value=colour).reshape(y1 - y0, x1 - x0, -1)
    pads = (max(-y0, 0), max(y1 - height, 0), max(-x0, 0), max(x1 - width, 0))
    wide = cv2.copyMakeBorder(image, *pads, _BORDERS[border]).reshape(
        height + pads[0] + pads[1], width + pads[2] + pads[3], -1
    )
    return wide[y0 + pads[0] : y1 + pads[0], x0 + pads[2] : x1 + pads[2]]


def permute(
    image: np.ndarray, m: Matrix, size: tuple[int, int], border: Border = "replicate", colour: Colour = ()
) -> np.ndarray:
    """Return a new array (height, width, channels) of ``size``: flips, quarter turns and whole shifts, copied.

    Args:
        image: Of any channel count where nothing outside it is seen, else of one, three or four channels.
        m: Source to output; `augury.spaces.geometry.is_whole_pixel`.
        size: Height and width of the output.
        border: What lies outside the source.
        colour: The constant border's colour, one number a channel, in the array's units.
    """
    turned = m[0] == 0.0
    # The factor that a source axis is seen by, 1 or -1, where its zero falls, and how many pixels are seen.
    x_sign, x_zero, across = (m[3], m[5], size[0]) if turned else (m[0], m[2], size[1])
    y_sign, y_zero, down = (m[1], m[2], size[1]) if turned else (m[4], m[5], size[0])
    x0 = -int(x_zero) if x_sign > 0 else int(x_zero) - across
    y0 = -int(y_zero) if y_sign > 0 else int(y_zero) - down
    part = gather(image, x0, y0, x0 + across, y0 + down, border, colour)
    if turned:
        part = cv2.transpose(part).reshape(part.shape[1], part.shape[0], -1)
    mirror_x, mirror_y = (m[1] < 0, m[3] < 0) if turned else (m[0] < 0, m[4] < 0)
    if mirror_x or mirror_y:
        part = cv2.flip(part, -1 if mirror_x and mirror_y else 1 if mirror_x else 0)
    elif np.may_share_memory(part, image) or not part.flags.c_contiguous:
        part = part.copy()
    return part.reshape(*size, -1)


def _warp(
    image: np.ndarray, m: Matrix, size: tuple[int, int], border: Border, colour: Colour, interpolation: Interpolation
) -> np.ndarray:
    back = geo.invert(m)
    if interpolation == "nearest":
        return _sampled(image, back, size, border, colour, cv2.INTER_NEAREST)
    fx, fy = _factors(m, back, size)
    needed = geo.bounds(geo.transform(back, geo.rectangle(size[1], size[0])))
    affine = geo.is_affine(m)
    if affine and m[1] == 0.0 == m[3] and m[0] > 0 < m[4] and _whole_inside(needed, fx, fy, image.shape):
        return _resize(image, needed, fx, fy, size, interpolation)
    read: Rectangle | None = None
    if fx > 1 or fy > 1:
        image, left, top = _reduce(image, needed, fx, fy, border, colour)
        back = geo.compose((1.0 / fx, 0.0, -left / fx, 0.0, 1.0 / fy, -top / fy, 0.0, 0.0, 1.0), back)
    elif affine and border != "reflect":
        left, across = _span(needed[0], needed[2], image.shape[1], 1, beyond=False)
        top, down = _span(needed[1], needed[3], image.shape[0], 1, beyond=False)
        read = left, top, left + across, top + down
    flag = _INTERPOLATIONS[interpolation]

    def kernel(image: np.ndarray, colour: Colour) -> np.ndarray:
        return _sampled(image, back, size, border, colour, flag)

    return as_four(kernel, image, colour, size[0] * size[1], read) if flag == LINEAR else kernel(image, colour)


def _sampled(
    image: np.ndarray, back: Matrix, size: tuple[int, int], border: Border, colour: Colour, flag: int
) -> np.ndarray:
    """Return OpenCV's one resample by a map from output to source."""
    flags, mode, shape = flag | cv2.WARP_INVERSE_MAP, _BORDERS[border], (size[1], size[0])
    if geo.is_affine(back):
        a, b, c, d, e, f = back[:6]
        centred = np.array(((a, b, c + (a + b - 1.0) / 2), (d, e, f + (d + e - 1.0) / 2)))
        return cv2.warpAffine(image, centred, shape, flags=flags, borderMode=mode, borderValue=colour)
    centred = np.array(geo.compose(geo.compose(_TO_CENTRES, back), _FROM_CENTRES)).reshape(3, 3)
    return cv2.warpPerspective(image, centred, shape, flags=flags, borderMode=mode, borderValue=colour)


def _factors(m: Matrix, back: Matrix, size: tuple[int, int]) -> tuple[int, int]:
    """The power of two each source axis is reduced by, from the least scale along it at the output's corners."""
    if geo.is_affine(m):
        scale_x, scale_y = math.hypot(m[0], m[3]), math.hypot(m[1], m[4])
    else:
        spots = [geo.apply(back, x, y) for x, y in geo.rectangle(size[1], size[0])]
        slopes = [geo.jacobian(m, x, y) for x, y in spots]
        scale_x = min(math.hypot(s[0], s[2]) for s in slopes)
        scale_y = min(math.hypot(s[1], s[3]) for s in slopes)
    return reduced_factor(scale_x), reduced_factor(scale_y)


def least_factor(m: Matrix, size: tuple[int, int]) -> int:
    """Return the power of two that both axes of the source may be reduced by before it is warped."""
    return min(_factors(m, geo.invert(m), size))


def reduced_factor(scale: float) -> int:
    """Return the power of two that a source axis is reduced by before it is warped at a local scale."""
    if scale >= LEAST_UNREDUCED_SCALE:
        return 1
    return 1 << min(math.ceil(math.log2(LEAST_UNREDUCED_SCALE / max(scale, 1e-6)) - 1e-9), 12)


def _whole_inside(needed: tuple[float, ...], fx: int, fy: int, shape: tuple[int, ...]) -> bool:
    """Whether a region is made of whole blocks of pixels inside the image."""
    if any(abs(v - round(v)) > 1e-6 for v in needed):
        return False
    x0, y0, x1, y1 = map(round, needed)
    inside = x0 >= 0 and y0 >= 0 and x1 <= shape[1] and y1 <= shape[0]
    return inside and (x1 - x0) % fx == 0 and (y1 - y0) % fy == 0


def _resize(
    image: np.ndarray,
    needed: tuple[float, ...],
    fx: int,
    fy: int,
    size: tuple[int, int],
    interpolation: Interpolation,
) -> np.ndarray:
    x0, y0, x1, y1 = map(round, needed)
    part = image[y0:y1, x0:x1]
    if fx > 1 or fy > 1:
        part = block_means(part, fx, fy)
    return cv2.resize(part, (size[1], size[0]), interpolation=_INTERPOLATIONS[interpolation])


def _reduce(
    image: np.ndarray, needed: tuple[float, ...], fx: int, fy: int, border: Border, colour: Colour
) -> tuple[np.ndarray, int, int]:
    """Return the area means of blocks of fy x fx over the needed region, and where its corner was in the source."""
    height, width, channels = image.shape
    mirrored = border == "reflect"
    left, across = _span(needed[0], needed[2], width, fx, mirrored)
    top, down = _span(needed[1], needed[3], height, fy, mirrored)
    part = gather(image, left, top, left + across * fx, top + down * fy, border, colour)
    return block_means(part, fx, fy).reshape(down, across, channels), left, top


def block_means(image: np.ndarray, fx: int, fy: int) -> np.ndarray:
    """Return the area means of blocks of fy x fx pixels, which the sides are multiples of, for up to four channels.

    Halving one side alone takes OpenCV longer than halving both; a mean of two images gives the same numbers.
    """
    if (fx, fy) == (1, 2):
        return cv2.addWeighted(image[::2], 0.5, image[1::2], 0.5, 0.0)
    if (fx, fy) == (2, 1):
        return cv2.transpose(block_means(cv2.transpose(image), 1, 2))
    return cv2.resize(image, (image.shape[1] // fx, image.shape[0] // fy), interpolation=cv2.INTER_AREA)


def _span(lo: float, hi: float, limit: int, factor: int, beyond: bool) -> tuple[int, int]:
    """Return the first pixel and the number of blocks that cover [lo, hi] and the neighbours interpolation reads.

    What lies more than a block outside the image is left to the warp's border unless ``beyond``.
    """
    start, stop = math.floor(lo) - 2 * factor, math.ceil(hi) + 2 * factor
    if beyond:
        return start, -(-(stop - start) // factor)
    start, stop = min(max(start, 0), limit - 1), max(min(stop, limit), 1)
    blocks = max(-(-(stop - start) // factor), 1)
    return max(min(start, limit - blocks * factor), 0), blocks
