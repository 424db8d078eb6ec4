"""Tones: chains of curves and colour matrices, clipped to [0, 1] after each and rounded once.

Runs of curves on 8 or 16 bit become one table, evaluated in float. With two or four channels the last is opacity, which
tones leave alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeAlias

import cv2
import numpy as np
import stringzilla

from augury.effects import Color, Curve
from augury.errors import FieldError, describe
from augury_image.paint import UNIT

Tones: TypeAlias = Sequence[Curve | Color]

_LUMA = (0.299, 0.587, 0.114)
_LEVELS: dict[np.dtype, np.ndarray] = {
    np.dtype(np.uint8): np.linspace(0.0, 1.0, 256)[:, None],
    np.dtype(np.uint16): np.linspace(0.0, 1.0, 65536, dtype=np.float32)[:, None],
}

_TO_LUMA = np.array((*_LUMA, 0.0), np.float32)
_BYTES = np.arange(256, dtype=np.uint8)[:, None]
_NEGATIVE = bytes(range(255, -1, -1))


def tone(image: np.ndarray, tones: Tones, owned: bool = False) -> np.ndarray:
    """Return ``image`` with ``tones`` applied in order. It is overwritten where ``owned``.

    Raises:
        FieldError: for a colour matrix on an image that has not one to four channels.
    """
    if not tones:
        return image
    if len(tones) > 1 and image.shape[2] in (3, 4):
        tones = _fused(tones)
    elif image.shape[2] == 3 and isinstance(one := tones[0], Curve) and one.fn is scaled:
        tones = [_diagonal(**one.args)]  # OpenCV multiplies three channels faster than it looks them up
    if image.dtype.kind == "f":
        return _evaluate(image.copy(), tones, _has_opacity(image))
    if all(isinstance(t, Curve) for t in tones):
        return look_up(image, _table(image, tones, image.dtype), owned)
    if isinstance(tones[0], Color) and len(tones) == 1:
        return _fixed_point(image, tones[0])
    if image.dtype == np.uint8:
        return _in_sixteen_bits(image, tones)
    unit = np.float32(UNIT[image.dtype])
    value = _evaluate(image / unit, tones, _has_opacity(image))
    return np.rint(value * unit).astype(image.dtype)


def tone_colour(colour: Sequence[float], tones: Tones) -> tuple[float, ...]:
    """Return a colour in [0, 1] (one number a channel) sent through ``tones``."""
    if not tones:
        return tuple(colour)
    pixel = np.array(colour, np.float32).reshape(1, 1, -1)
    return tuple(_evaluate(pixel, tones, _has_opacity(pixel)).ravel().tolist())


def scaled(x: np.ndarray, gains: list[float], shifts: list[float]) -> np.ndarray:
    """Return each colour channel times its gain plus its shift: the curve of a diagonal colour matrix."""
    return x * np.asarray(gains, x.dtype) + np.asarray(shifts, x.dtype)


def _fused(tones: Tones) -> list[Curve | Color]:
    """Return tones of the same meaning in fewer passes.

    A colour matrix that leaves the unit cube inside itself is not clipped, so the next one multiplies it. One that
    mixes no channels is a curve a channel, and goes into the table of the curves beside it.
    """
    mixed = any(isinstance(t, Curve) for t in tones)
    out: list[Curve | Color] = []
    for one in tones:
        if isinstance(one, Color) and mixed and _is_diagonal(one):
            m = one.matrix
            one = Curve(scaled, {"gains": [m[0], m[5], m[10]], "shifts": [m[3], m[7], m[11]]})
        elif isinstance(one, Color) and out and isinstance(before := out[-1], Color) and _stays_inside(before):
            one = _product(one, before)
            out.pop()
        out.append(one)
    return out


def _is_diagonal(color: Color) -> bool:
    _, a, b, _, c, _, d, _, e, f, _, _ = color.matrix
    return a == b == c == d == e == f == 0.0


def _diagonal(gains: Sequence[float], shifts: Sequence[float]) -> Color:
    """Return the colour matrix of `scaled`; one gain serves all three channels."""
    (a, b, c), (x, y, z) = (tuple(v) * (3 // len(v)) for v in (gains, shifts))
    return Color((a, 0.0, 0.0, x, 0.0, b, 0.0, y, 0.0, 0.0, c, z))


def _stays_inside(color: Color) -> bool:
    """Whether no colour of [0, 1] is sent out of it."""
    for row in range(0, 12, 4):
        *gains, shift = color.matrix[row : row + 4]
        least, most = sum(min(g, 0.0) for g in gains), sum(max(g, 0.0) for g in gains)
        if shift + least < -1e-6 or shift + most > 1.0 + 1e-6:
            return False
    return True


def _product(second: Color, first: Color) -> Color:
    """Return the matrix of ``first``, then ``second``."""
    a, b = (np.vstack([np.reshape(c.matrix, (3, 4)), (0.0, 0.0, 0.0, 1.0)]) for c in (second, first))
    return Color(tuple((a @ b)[:3].ravel().tolist()))


def _has_opacity(image: np.ndarray) -> bool:
    return image.shape[2] in (2, 4)


def _in_sixteen_bits(image: np.ndarray, tones: Tones) -> np.ndarray:
    """Run curves and matrices in turns on 8 bit: a 256th of its step is what is rounded to in between."""
    runs = [list(run) for _, run in groupby(tones, key=type)]
    value = image
    for run in runs:
        last = run is runs[-1]
        if isinstance(run[0], Curve):
            value = _by_index(value, _table(value, run, np.dtype(np.uint8 if last else np.uint16)))
            continue
        if value is image:
            value = np.multiply(image, 257, dtype=np.uint16)
        for color in run:
            assert isinstance(color, Color)
            value = _fixed_point(value, color)
        if last:
            value = cv2.convertScaleAbs(value, alpha=1.0 / 257.0).reshape(image.shape)
    return value


def _table(image: np.ndarray, curves: Tones, dtype: np.dtype) -> np.ndarray:
    """Tabulate curves for every level of an integer image: (levels, 1), or (levels, channels) where they differ."""
    colours = image.shape[2] - 1 if _has_opacity(image) else 0
    if len(curves) == 1 and isinstance(one := curves[0], Curve) and not one.args:
        return _constant_table(one.fn, image.dtype, colours, dtype)
    return _tabulate(curves, image.dtype, colours, dtype)


@lru_cache(maxsize=16)
def _constant_table(fn: Callable[..., np.ndarray], source: np.dtype, colours: int, dtype: np.dtype) -> np.ndarray:
    """A curve without arguments is the same each time."""
    return _tabulate([Curve(fn)], source, colours, dtype)


def unit_table(image: np.ndarray, curves: Tones) -> np.ndarray:
    """Return what curves make of every level of an integer image, in [0, 1], not rounded: (levels, 1 or channels)."""
    return _unrounded(curves, image.dtype, image.shape[2] - 1 if _has_opacity(image) else 0)


def _tabulate(curves: Tones, source: np.dtype, colours: int, dtype: np.dtype) -> np.ndarray:
    return (_unrounded(curves, source, colours) * UNIT[dtype] + 0.5).astype(dtype)


def _unrounded(curves: Tones, source: np.dtype, colours: int) -> np.ndarray:
    """``colours`` is how many channels stand before an opacity; 0 where there is none."""
    table = levels = _LEVELS[source]
    for curve in curves:
        assert isinstance(curve, Curve)
        table = np.maximum(curve.fn(table, **curve.args), 0.0)
        np.minimum(table, 1.0, out=table)
    if colours:
        table = np.concatenate([np.broadcast_to(table, (len(levels), colours)), levels], axis=1)
    return table


def look_up(image: np.ndarray, table: np.ndarray, owned: bool = False) -> np.ndarray:
    """Return an integer image sent through a table (levels, 1 or channels). It is overwritten where ``owned``."""
    if image.dtype == np.uint8 and table.shape[1] == 1:
        mask = table[255, 0]
        if mask < 255 and table[85, 0] == mask & 85 and (table == _BYTES & mask).all():
            return np.bitwise_and(image, mask, out=image if owned else None)
        if table.tobytes() == _NEGATIVE:
            return cv2.bitwise_not(image, dst=image if owned else None).reshape(image.shape)
        out = image if owned and image.flags.c_contiguous else image.copy()
        _translate(out, table)
        return out
    if image.dtype == table.dtype == np.uint8:
        planes = cv2.split(image)  # OpenCV takes three times as long with a table for each channel
        for plane, column in zip(planes, table.T, strict=True):
            _translate(plane, np.ascontiguousarray(column))
        return cv2.merge(planes).reshape(image.shape)
    return _by_index(image, table)


def _translate(values: np.ndarray, table: np.ndarray) -> None:
    """Send contiguous bytes through a table of 256, in place."""
    stringzilla.translate(memoryview(values.data), memoryview(table.ravel().data), inplace=True)


def _by_index(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Look an integer image up in a table of any dtype."""
    if table.shape[1] == 1:
        return cv2.LUT(image, table.ravel()).reshape(image.shape)
    if image.dtype == np.uint8 or image.shape[2] <= 4:
        return cv2.LUT(image, table[None]).reshape(image.shape)
    return np.stack([table[:, c][image[:, :, c]] for c in range(image.shape[2])], axis=2)


def _fixed_point(image: np.ndarray, color: Color) -> np.ndarray:
    """One colour matrix on integers: OpenCV multiplies, rounds and saturates in one pass."""
    if image.shape[2] == 3 and (dropped := _dropped(image, color)) is not None:
        return dropped
    matrix = _matrix(color, image.shape[2])
    if any(color.matrix[3::4]):
        matrix[:, -1] *= np.float32(UNIT[image.dtype])
    if image.shape[2] == 3 and matrix[0, 0] == matrix[1, 0] == _TO_LUMA[0] and (matrix == _TO_LUMA).all():
        return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.transform(image, matrix).reshape(image.shape)


def _dropped(image: np.ndarray, color: Color) -> np.ndarray | None:
    """Return the image, where a matrix keeps some channels and sets the others to a constant; None for any other."""
    m, unit = color.matrix, UNIT[image.dtype]
    if not _is_diagonal(color) or image.shape[0] * image.shape[1] <= 4:  # OpenCV takes so few pixels for the colour
        return None
    kept: Any = [0.0] * 4
    put: Any = [0.0] * 4
    for channel, (gain, shift) in enumerate(((m[0], m[3]), (m[5], m[7]), (m[10], m[11]))):
        if gain == 1.0 and shift == 0.0:
            kept[channel] = unit
        elif gain == 0.0:
            put[channel] = float(round(min(max(shift, 0.0), 1.0) * unit))
        else:
            return None
    kept, put = tuple(kept), tuple(put)
    out = cv2.bitwise_and(image, kept)
    return np.asarray(cv2.bitwise_or(out, put, dst=out) if any(put) else out)


def _evaluate(value: np.ndarray, tones: Tones, opacity: bool) -> np.ndarray:
    """Apply tones to float32 in [0, 1]; ``value`` may be overwritten."""
    for one in tones:
        if isinstance(one, Color):
            value = cv2.transform(value, _matrix(one, value.shape[2])).reshape(value.shape)
        elif opacity:
            seen = one.fn(value[:, :, :-1], **one.args)
            value = np.concatenate([np.broadcast_to(seen, value[:, :, :-1].shape), value[:, :, -1:]], axis=2)
        else:
            seen = one.fn(value, **one.args)
            value = seen if seen.shape == value.shape else np.broadcast_to(seen, value.shape)
        value = np.minimum(np.maximum(value, 0.0), 1.0).astype(np.float32, copy=False)
    return value


def _matrix(color: Color, channels: int) -> np.ndarray:
    """The colour matrix for an image of ``channels``, float32 with the constant last; grey is read as R = G = B."""
    full = np.array(color.matrix, np.float32).reshape(3, 4)
    if channels == 3:
        return full
    if channels == 4:
        out = np.zeros((4, 5), np.float32)
        out[:3, :3], out[:3, 4], out[3, 3] = full[:, :3], full[:, 3], 1.0
        return out
    if channels in (1, 2):
        luma = np.array(_LUMA, np.float32)
        gain, shift = luma @ full[:, :3].sum(axis=1), luma @ full[:, 3]
        return np.array([[gain, shift]] if channels == 1 else [[gain, 0.0, shift], [0.0, 1.0, 0.0]], np.float32)
    expected = "an image of 1 to 4 channels for a colour matrix"
    raise FieldError(describe("", expected, channels, fix="use ops of single channels, such as image.gamma"))
