"""The plane: images and what lies on them. Fuses warps and tones into one resample and one table.

A `PlaneSegment` collects warps and tones (curves, colour matrices) as long as running them together means the
same as running them one by one; `PlaneMap` is what masks, boxes, keypoints and polygons follow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.effects import Border, Color, Curve, Field, Fill, Interpolation, Matrix, Polygon, Warp
from augury.spaces import geometry as geo

if TYPE_CHECKING:
    import numpy as np

MAX_JUMP = 8.0 / 255.0
"""Tones that change neighbouring 8-bit levels by this much or more, together, may not cross a later warp."""

LEAST_CROSSING_SCALE = 0.5
"""Tones may cross later warps only while these together shrink by no more than this."""


class PlaneSize(NamedTuple):
    """Size of an image in pixels, with its number of channels."""

    height: int
    width: int
    channels: int = 3


class Canvas(NamedTuple):
    """The outline, in output coordinates, outside of which one step paints its fill.

    ``step`` counts the segment's warps; ``tones_before`` its tones that ran before: the fill goes through the others.
    """

    outline: Polygon
    fill: Fill
    tones_before: int
    step: int


class PlaneSegment:
    """Pending plane effects of one image. Kinds render it by `matrix`, `canvases` and `tones`, or by its `warps`.

    Attributes:
        warps: Every pending warp and field in order, each with the canvas it was given and the number of tones before.
        dense: Whether a field is among them: the map is then no one matrix, but still one resample.
        built: What is worked out once for all that follow the segment, such as a field's array.
    """

    __slots__ = ("_after", "_crossed", "border", "built", "dense", "interpolation", "size", "source", "tones", "warps")

    def __init__(self, size: PlaneSize) -> None:
        """Start empty on an image of ``size``."""
        self.source = size
        self.size = size
        self.warps: list[tuple[Any, PlaneSize, int]] = []
        self.tones: list[Curve | Color] = []
        self.dense = False
        self.interpolation: Interpolation | None = None
        self.border: Border = "constant"
        self.built: dict[Any, Any] = {}
        self._after: list[Matrix] | None = None
        self._crossed = 1.0

    @property
    def empty(self) -> bool:
        """Whether nothing is pending."""
        return not (self.warps or self.tones)

    def push(self, effect: Any) -> bool:
        """Take a Warp, Field, Curve or Color if it can run together with what is pending."""
        kind = type(effect)
        if kind is Warp:
            return self._push_warp(effect)
        if kind is Curve or kind is Color:
            self.tones.append(effect)
            return True
        return kind is Field and self._push_field(effect)

    def _push_field(self, field: Field) -> bool:
        """Take a field. Tones do not cross it: how much it shrinks is known only when it is built."""
        if self.tones or self.interpolation not in (None, field.interpolation):
            return False
        self.interpolation = field.interpolation
        self.dense = True
        self._append(field)
        return True

    def _push_warp(self, warp: Warp) -> bool:
        exact = geo.is_whole_pixel(warp.matrix)
        if not exact:
            if self.interpolation not in (None, warp.interpolation):
                return False
            scale = (
                self._crossed * geo.least_scale(warp.matrix, self.size.width, self.size.height) if self.tones else 1.0
            )
            if scale < LEAST_CROSSING_SCALE or self._jump() >= MAX_JUMP:
                return False
        if warp.border != "constant":
            # A dense map is folded at each canvas, so whatever its border shows is right.
            if self.warps and not self.dense:
                if self._shows_outside(warp):
                    return False
            else:
                if self.tones and self._shows_outside(warp):
                    return False
                self.border = warp.border
        if not exact:
            self.interpolation = warp.interpolation
            self._crossed = scale
        self._append(warp)
        return True

    def _append(self, effect: Warp | Field) -> None:
        self.warps.append((effect, self.size, len(self.tones)))
        self.size = PlaneSize(effect.size[0], effect.size[1], self.source.channels)
        self._after = None

    def release_curves(self) -> list[Curve]:
        """Give up the last pending curves, as far as they are of no concern to what the warps paint."""
        least, end = max((tones for _, _, tones in self.warps), default=0), len(self.tones)
        start = end
        while start > least and type(self.tones[start - 1]) is Curve:
            start -= 1
        released: list[Any] = self.tones[start:]
        del self.tones[start:]
        return released

    def _jump(self) -> float:
        """A bound on the greatest change between neighbouring 8-bit levels that all tones together make, in [0, 1]."""
        return math.prod(255.0 * greatest_jump(t) for t in self.tones) / 255.0

    def _shows_outside(self, warp: Warp) -> bool:
        """Whether the warp's output shows anything outside the canvas it was given."""
        outline = geo.transform(warp.matrix, geo.rectangle(self.size.width, self.size.height))
        return not geo.covers(outline, warp.size[1], warp.size[0])

    def _matrices_after(self) -> list[Matrix]:
        """For each warp the map from its input canvas to the output; the first one is the whole map."""
        if self._after is None:
            out: list[Matrix] = []
            for warp, _, _ in reversed(self.warps):
                out.append(geo.compose(out[-1], warp.matrix) if out else warp.matrix)
            self._after = out[::-1]
        return self._after

    @property
    def matrix(self) -> Matrix:
        """The map from source to output of all pending warps."""
        if len(self.warps) == 1:
            only: Matrix = self.warps[0][0].matrix
            return only
        return self._matrices_after()[0] if self.warps else geo.IDENTITY

    def _outlines(self) -> list[Polygon]:
        """For each warp the canvas it was given, in output coordinates; () where none of it lies before the horizon."""
        after = self._matrices_after()
        out = []
        for k, (warp, before, _) in enumerate(self.warps):
            outline = geo.rectangle(before.width, before.height)
            if geo.is_affine(after[k]) or k + 1 == len(after):
                out.append(geo.transform(after[k], outline))
            else:
                # Step by step: behind two horizons a point would come out in front again.
                out.append(geo.transform(after[k + 1], geo.transform(warp.matrix, outline)))
        return out

    def canvases(self) -> list[Canvas]:
        """Outlines outside of which something is painted, in step order.

        Left out are those that hold all of the output, those that a later one lies inside of (its fill hides theirs),
        and the first where its border is not constant.
        """
        if len(self.warps) == 1 and self._fills_output():
            return []
        height, width, _ = self.size
        out: list[Canvas] = []
        for k, ((warp, _, tones), outline) in enumerate(zip(self.warps, self._outlines(), strict=True)):
            if warp.border != "constant" or geo.covers(outline, width, height):
                continue
            out = [c for c in out if outline and not geo.contains(c.outline, outline)]
            out.append(Canvas(outline, warp.fill, tones, k))
        return out

    def _fills_output(self) -> bool:
        """Whether the one warp is a flip, crop or scaling whose output shows nothing but the source.

        False where it would take more to tell.
        """
        effect = self.warps[0][0]
        if type(effect) is not Warp:
            return False
        a, b, x, c, d, y, g, h, i = effect.matrix
        if b or c or g or h or i != 1.0:
            return False
        right, bottom = a * self.source.width + x, d * self.source.height + y
        left, right, top, bottom = min(x, right), max(x, right), min(y, bottom), max(y, bottom)
        return left <= 0.0 and top <= 0.0 and right >= self.size.width and bottom >= self.size.height

    def clips(self) -> list[Polygon]:
        """Every intermediate canvas in output coordinates, and the output's own: targets are cut by these."""
        return [*self._outlines(), geo.rectangle(self.size.width, self.size.height)]

    def describe(self) -> str:
        """Return in words what is run together."""
        what = "warps and fields" if self.dense else f"warp{'s' * (len(self.warps) > 1)}"
        parts = [f"{len(self.warps)} {what} as one resample"] if self.warps else []
        parts += [f"{len(self.tones)} tone{'s' * (len(self.tones) > 1)} as one table"] if self.tones else []
        return " and ".join(parts)

    def map(self) -> PlaneMap | None:
        """Return the map targets follow; None where only tones are pending."""
        if not self.warps:
            return None
        if not self.dense:
            return PlaneMap(self.matrix, self.source, self.size, self.clips(), segment=self)
        stages = self._split()
        if len(stages) == 1:
            return stages[0]
        return PlaneMap(None, self.source, self.size, stages[-1].clips, segment=self, stages=stages)

    def _split(self) -> list[PlaneMap]:
        """One map for each run of warps and one for each field, in order."""
        out: list[PlaneMap] = []
        run = PlaneSegment(self.source)
        for k, (effect, before, _) in enumerate(self.warps):
            if type(effect) is Warp:
                run._append(effect)
                continue
            if (where := run.map()) is not None:
                out.append(where)
            after = PlaneSize(effect.size[0], effect.size[1], self.source.channels)
            frame = geo.rectangle(after.width, after.height)
            out.append(PlaneMap(None, before, after, [frame], segment=self, field=k))
            run = PlaneSegment(after)
        if (where := run.map()) is not None:
            out.append(where)
        return out

    def field(self, k: int) -> np.ndarray:
        """Return the array of the field that is step ``k``, float32 (height, width, 2); built once."""
        found: np.ndarray | None = self.built.get(k)
        if found is None:
            field = self.warps[k][0]
            found = self.built[k] = field.fn(field.size, **field.args)
        return found


class PlaneMap:
    """Where things on a plane go: what a kind's ``follow`` is given.

    Attributes:
        matrix: Homography from source to output; None where a dense field is part of it.
        source: Size before.
        size: Size after.
        clips: Convex polygons in output coordinates; what lies outside any of them is gone.
        hides: Convex polygons in output coordinates that cover what is under them (`Layers`).
        within: Convex polygons in output coordinates: only what lies in one of them is seen. None is no such limit.
        segment: What pixel kinds are rendered by; None inside `Layers`, where the other attributes say all.
        stages: The maps it is made of, one after the other: runs of warps and fields. Most are their own only stage.
    """

    __slots__ = ("_field", "_stages", "clips", "hides", "matrix", "segment", "size", "source", "within")

    def __init__(
        self,
        matrix: Matrix | None,
        source: PlaneSize,
        size: PlaneSize,
        clips: Sequence[Polygon],
        hides: Sequence[Polygon] = (),
        segment: PlaneSegment | None = None,
        *,
        within: Sequence[Polygon] | None = None,
        stages: Sequence[PlaneMap] = (),
        field: int = -1,
    ) -> None:
        """Hold the parts; see the class. ``field`` is the step of ``segment`` whose dense map this is."""
        self.matrix = matrix
        self.source = source
        self.size = size
        self.clips = clips
        self.hides = hides
        self.within = within
        self.segment = segment
        self._stages = stages
        self._field = field

    @property
    def stages(self) -> Sequence[PlaneMap]:
        """The maps this one is made of, in order."""
        return self._stages or (self,)

    @property
    def mirrors(self) -> bool:
        """Whether the map turns left into right (reverses orientation); a dense field by itself never does."""
        if self._stages:
            return sum(stage.mirrors for stage in self._stages) % 2 == 1
        return self.matrix is not None and geo.determinant(self.matrix) < 0

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Map points float64 (n, 2); rows of NaN where a dense field has no inverse. Nothing is clipped at the end."""
        import numpy as np

        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        if self._stages:
            for k, stage in enumerate(self._stages):
                xy = stage.points(xy if k == 0 else np.where(self._stages[k - 1].inside(xy)[:, None], xy, np.nan))
            return xy
        if self.matrix is None:
            from augury.spaces.inversion import invert

            found, there = np.full_like(xy, np.nan), np.isfinite(xy).all(axis=1)
            found[there] = invert(self.dense(), xy[there], (self.source.height, self.source.width))
            return found
        m = np.asarray(self.matrix).reshape(3, 3)
        out = xy @ m[:2, :2].T + m[:2, 2]
        if not geo.is_affine(self.matrix):
            w = xy @ m[2, :2] + m[2, 2]
            out = np.where((w > 1e-6)[:, None], out / np.where(w > 1e-6, w, 1.0)[:, None], np.nan)
        return out

    def inside(self, xy: np.ndarray) -> np.ndarray:
        """Return bool (n,): which points of the output are visible: inside every clip and under no cover."""
        import numpy as np

        seen = np.isfinite(xy).all(axis=1)
        for convex in self.clips:
            seen &= _within(convex, xy)
        if self.within is not None:
            in_any = np.zeros(len(xy), bool)
            for convex in self.within:
                in_any |= _within(convex, xy)
            seen &= in_any
        for convex in self.hides:
            seen &= ~_within(convex, xy)
        return seen

    def visible(self, polygon: Polygon) -> list[Polygon]:
        """Return what is seen of a convex polygon of the output, as disjoint convex pieces."""
        for convex in self.clips:
            polygon = geo.intersect(polygon, convex) if convex else ()
            if not polygon:
                return []
        pieces = [polygon]
        if self.within is not None:
            pieces = [seen for convex in self.within if (seen := geo.intersect(polygon, convex))]
        for convex in self.hides:
            pieces = [rest for piece in pieces for rest in geo.subtract(piece, convex)]
        return pieces

    def local_linear(self, x: float, y: float) -> tuple[float, float, float, float]:
        """Return the derivative at a source point: (dx'/dx, dx'/dy, dy'/dx, dy'/dy), by differences for fields."""
        if self.matrix is not None:
            return geo.jacobian(self.matrix, x, y)
        import numpy as np

        h = 0.5
        p = self.points(np.array([[x + h, y], [x - h, y], [x, y + h], [x, y - h]]))
        dx, dy = p[0] - p[1], p[2] - p[3]
        return float(dx[0]), float(dy[0]), float(dx[1]), float(dy[1])

    def dense(self) -> np.ndarray:
        """Return float32 (height, width, 2): the source point of every output pixel's centre. One field's map only."""
        if self.segment is None or self._field < 0:
            raise ValueError("only the map of a Field has a dense form")
        return self.segment.field(self._field)


def _within(convex: Polygon, xy: np.ndarray) -> np.ndarray:
    import numpy as np

    inside = np.full(len(xy), bool(convex))
    for a, b, c in geo.edges(convex):
        inside &= xy[:, 0] * a + xy[:, 1] * b + c >= -1e-6 * (abs(a) + abs(b))
    return inside


def greatest_jump(tone: Curve | Color) -> float:
    """Return the greatest change between neighbouring 8-bit levels, in [0, 1]."""
    if isinstance(tone, Color):
        m = tone.matrix
        return max(sum(abs(v) for v in m[r : r + 3]) for r in (0, 4, 8)) / 255.0
    import numpy as np

    table = np.clip(tone.fn(np.linspace(0.0, 1.0, 256)[:, None], **tone.args), 0.0, 1.0)
    return float(np.abs(np.diff(table, axis=0)).max())
