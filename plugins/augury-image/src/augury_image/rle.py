"""Run-length masks as COCO has them: column by column, runs of outside and inside in turn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from augury.errors import FieldError, describe, shown
from augury.record import type_name


class Runs(NamedTuple):
    """A mask of one object: its height and width in pixels, and the lengths of its runs, outside first."""

    height: int
    width: int
    counts: tuple[int, ...]

    @property
    def area(self) -> int:
        """The pixels inside."""
        return sum(self.counts[1::2])

    def bounds(self) -> tuple[float, float, float, float] | None:
        """Return left, top, right, bottom of the pixels inside; None where there are none."""
        inside = self.decode()
        ys, xs = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not len(xs):
            return None
        return float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1)

    def decode(self) -> np.ndarray:
        """Return the mask as bool (height, width)."""
        values = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(values, self.counts).reshape(self.width, self.height).T


def runs_of(mask: np.ndarray) -> Runs:
    """Return the runs of a mask bool (height, width)."""
    flat = np.asarray(mask, dtype=bool).ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *edges.tolist(), flat.size]).tolist()
    height, width = mask.shape
    return Runs(height, width, tuple([0, *counts] if flat[:1].any() else counts))


def read_runs(value: Any, max_pixels: int) -> Runs:
    """Return `Runs` of COCO's ``{"size": [h, w], "counts": ...}``, compressed or plain, or of our own entries.

    Raises:
        FieldError: for other forms, masks of over ``max_pixels``, and runs that do not fill the mask exactly.
    """
    if isinstance(value, Runs):
        return value
    try:
        height, width = map(int, value["size"] if "size" in value else (value["height"], value["width"]))
        counts = value["counts"]
    except (TypeError, KeyError, ValueError) as error:
        fix = "give COCO's run-length form"
        raise FieldError(describe("", "a mask {size, counts}", type_name(value), fix=fix)) from error
    if height < 1 or width < 1 or height * width > max_pixels:
        got = shown(f"{height} x {width}")
        raise FieldError(describe("", f"a mask of 1 to {max_pixels:,} pixels", got, fix="correct its size"))
    lengths = _lengths(counts)
    if sum(lengths) != height * width or any(n < 0 for n in lengths):
        got = shown(f"{sum(lengths)} pixels for {height} x {width}")
        raise FieldError(describe("", "runs that fill the mask", got, fix="correct its counts or its size"))
    return Runs(height, width, tuple(lengths))


def _lengths(counts: Any) -> list[int]:
    """Return the runs' lengths, of compressed text too.

    Reference: COCO's maskApi: groups of five bits with a continuation bit, a sign, from the third run on differences
    to the run two before.
    """
    if isinstance(counts, list | tuple | np.ndarray):
        try:
            return [int(n) for n in counts]
        except (TypeError, ValueError) as error:
            raise FieldError(describe("", "runs of whole numbers", type_name(counts), fix="correct counts")) from error
    text = counts.encode("ascii", "replace") if isinstance(counts, str) else counts
    lengths: list[int] = []
    value = shift = 0
    for byte in text if isinstance(text, bytes) else b"?":
        bits = byte - 48
        if not 0 <= bits < 64 or shift > 60:
            raise FieldError(describe("", "compressed runs", shown(f"byte {byte}"), fix="correct counts"))
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    return lengths
