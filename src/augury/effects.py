"""Effects: what an op says it does. The core applies them, and every kind follows them.

An effect is a plain immutable value. Some move things, so that targets must follow (`moves`); a value effect leaves
them where they are. Functions in effects are module-level callables, so that effects can be pickled; ``args`` are
their keyword arguments.

A distribution can define an effect of its own: any class with ``lower(size) -> list`` of the effects here. Every kind
then follows it with no further rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

Matrix: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]
"""A 3x3 homography, row-major, from source to output, in continuous pixel coordinates."""

Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[Point, ...]
"""A convex polygon as (x, y) corners in order."""

Border: TypeAlias = Literal["constant", "reflect", "replicate"]
Interpolation: TypeAlias = Literal["nearest", "linear", "cubic", "lanczos", "area"]
Fill: TypeAlias = float | tuple[float, ...]
"""A colour in [0, 1]: one number for all channels or one for each."""

SELF = -1
"""As a ``source``: the record itself. 0 and up are its donors."""

NO_ARGS: Mapping[str, Any] = {}

NO_ROWS: Mapping[str, tuple[int, ...]] = {}


class Warp(NamedTuple):
    """Plane: a homography from source to output onto a canvas of ``size`` (height, width).

    Pixel (row i, column j) covers [j, j+1) x [i, i+1). ``border`` says what lies outside the source:
    ``constant`` paints ``fill``, ``reflect`` mirrors with the edge pixel repeated, ``replicate`` extends the edge.
    """

    matrix: Matrix
    size: tuple[int, int]
    border: Border = "constant"
    fill: Fill = 0.0
    interpolation: Interpolation = "linear"


class Field(NamedTuple):
    """Plane: a dense map from output to source, built when it is run.

    ``fn(size, **args)`` returns float32 (height, width, 2): for the centre of every output pixel, the x and y
    in the source. The core inverts it for points (residual under 0.1 px, else the point is dropped).
    """

    fn: Callable[..., Any]
    args: Mapping[str, Any]
    size: tuple[int, int]
    border: Border = "constant"
    fill: Fill = 0.0
    interpolation: Interpolation = "linear"


class Curve(NamedTuple):
    """Plane value: ``fn(x, **args)`` maps [0, 1] to [0, 1], point by point.

    ``x`` is a float array whose last axis is channels or 1 (the result may broadcast 1 to the channels). The core
    tabulates it for 8 and 16 bit and evaluates it for float; it clips to [0, 1] afterwards.
    """

    fn: Callable[..., Any]
    args: Mapping[str, Any] = NO_ARGS


class Color(NamedTuple):
    """Plane value: a 3x4 matrix (row-major, 12 numbers) on RGB in [0, 1], then clipped to [0, 1]."""

    matrix: tuple[float, ...]


class Pixels(NamedTuple):
    """Plane value: an opaque image function ``fn(image, *sources, **args)``.

    Keeps height, width, channels and dtype, and must not hide or move content. ``accepts`` names the dtypes it takes.
    """

    fn: Callable[..., Any]
    args: Mapping[str, Any] = NO_ARGS
    accepts: tuple[str, ...] = ("uint8", "float32")
    sources: tuple[int, ...] = ()


class Layer(NamedTuple):
    """One layer of `Layers`, painted over those before it.

    Args:
        source: `SELF`, a donor's number, or None for a plain ``fill``.
        place: From the source to the output canvas.
        region: Convex polygon of the output that the layer covers; None is all of the placed source (or canvas).
        pieces: A shape that is not convex, as disjoint convex polygons; the layer covers them instead of ``region``.
        alpha: Opacity in [0, 1].
        targets: Whether the source's targets come along (only for a source that is not None).
        rows: Target fields of which only these entries come along (those of a pasted object).
        hides: Whether it hides the targets under it; default: when alpha is at least 0.5.
        weight: Share of this layer's label in the mix; None is its visible, alpha-weighted area; 0 leaves it out.
        fill: The colour where ``source`` is None; ``noise_seed`` makes it uniform noise instead.
    """

    source: int | None
    place: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    region: Polygon | None = None
    pieces: tuple[Polygon, ...] | None = None
    alpha: float = 1.0
    targets: bool = True
    rows: Mapping[str, tuple[int, ...]] = NO_ROWS
    hides: bool | None = None
    weight: float | None = None
    fill: Fill = 0.0
    noise_seed: int | None = None

    @property
    def shape(self) -> tuple[Polygon, ...] | None:
        """The convex polygons it covers; None is all of the placed source (or canvas)."""
        return self.pieces if self.pieces is not None else None if self.region is None else (self.region,)

    @property
    def covers(self) -> bool:
        """Whether targets below are hidden by this layer."""
        return self.alpha >= 0.5 if self.hides is None else self.hides


class Layers(NamedTuple):
    """Plane: compose the record, its donors and plain colours on a canvas of ``size`` (height, width)."""

    size: tuple[int, int]
    layers: tuple[Layer, ...]
    fill: Fill = 0.0
    interpolation: Interpolation = "linear"


class Copy(NamedTuple):
    """Keep the characters (or events) [a, b) of the value the op was shown, or of a donor's."""

    a: int
    b: int
    source: int = SELF


class Event(NamedTuple):
    """One event of a history: what an `Insert` of events holds.

    Args:
        item: What the user met.
        time: When, in the history's own unit, between those of the events it is put among; None is that of the event
            before it (at the beginning, of the one after it).
        rating: How much it was liked; None is missing.
        context: Values of the history's context columns; those left out are missing.
    """

    item: str
    time: float | None = None
    rating: float | None = None
    context: Mapping[str, Any] = NO_ARGS


class Insert(NamedTuple):
    """New text or new events; ``stands_for`` is the range [a, b) of the old it belongs to, whose tag it inherits.

    ``same`` says that it is the replaced text itself, written otherwise (another normal form, other blanks): then
    labelled spans stay on it.
    """

    text: str | tuple[Event, ...]
    stands_for: tuple[int, int] | None = None
    same: bool = False


class Rope(NamedTuple):
    """Text, events: the new value as pieces of the old and inserts, in order. A swap is copies in another order.

    On events a rope moves what happened, not when: the times of the kept events stay, in order, on what is now there.
    """

    pieces: tuple[Copy | Insert, ...]


class Piece(NamedTuple):
    """Source samples s0 to s1 become output samples d0 to d1 (d0 < d1); s0 > s1 plays backwards."""

    s0: float
    s1: float
    d0: float
    d1: float
    source: int = SELF


class Time(NamedTuple):
    """Time: pieces of the clip on an output of ``length`` samples; what no piece covers is silent.

    ``mode`` "resample" lets the pitch follow the rate (tape speed); "stretch" keeps it. ``pitch`` multiplies the
    frequency on top, duration unchanged. ``rate`` is the output's samples a second where that is another.
    """

    pieces: tuple[Piece, ...]
    length: int
    pitch: float = 1.0
    mode: Literal["resample", "stretch"] = "resample"
    rate: int | None = None


class Samples(NamedTuple):
    """Time value: an opaque function ``fn(samples, rate, *sources, **args)`` that keeps shape and rate.

    ``sources`` names the donors whose samples it is given (already at the rate and channels of the clip).
    """

    fn: Callable[..., Any]
    args: Mapping[str, Any] = NO_ARGS
    sources: tuple[int, ...] = ()


class Events(NamedTuple):
    """Events value: an opaque function ``fn(history, **args)`` that keeps the events' number, order and times."""

    fn: Callable[..., Any]
    args: Mapping[str, Any] = NO_ARGS
    sources: tuple[int, ...] = ()


class Opaque(NamedTuple):
    """Plane or time: a function that makes the new value by itself and may move, cut or resize what it shows.

    ``fn`` is called as that of `Pixels` or `Samples` is. ``where(value, **args)`` tells where things went, as one
    `Warp`, `Field` or `Time` onto the size that ``fn`` makes, or None where it cannot: then targets are refused, or
    left out where their field says ``on_unmoved: drop``. It is asked only when there is something that must follow.
    """

    fn: Callable[..., Any]
    where: Callable[..., Effect | None]
    args: Mapping[str, Any] = NO_ARGS
    accepts: tuple[str, ...] = ("uint8", "float32")
    sources: tuple[int, ...] = ()


class Rows(NamedTuple):
    """Row: ``fn(columns, **args)`` returns the changed columns; always batched.

    ``columns`` maps each name in ``reads`` to an array with leading axis n; each value in ``args`` comes with the same
    leading axis (the rows' own values stacked); the result maps each name in ``writes`` to an array of n values.
    ``weights`` are the shares of the record and of each donor in the label's mix, where the op makes one. ``shared``
    are further arguments that are the same objects for all rows (parts of a fitted state): they are passed as they are.
    """

    fn: Callable[..., Any]
    args: Mapping[str, Any]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    weights: tuple[float, ...] = ()
    shared: Mapping[str, Any] = NO_ARGS


class Convert(NamedTuple):
    """Any space: change the value to another kind, as the op's ``makes`` says: ``fn(value, **args)``.

    With ``takes_curves`` it is given the pending curves that nothing but it comes after as ``curves``, in order, and
    runs them itself: so they and it are one table, and nothing is rounded in between.
    """

    kind: str
    fn: Callable[..., Any]
    args: Mapping[str, Any] = NO_ARGS
    takes_curves: bool = False


Effect: TypeAlias = Any
"""One of the classes above, or a third party's class with ``lower(size)``."""

Effects: TypeAlias = Effect | Sequence[Effect] | Mapping[str, Effect]
"""What `Op.effect` may return: one effect, several in order, or one for each named field."""

MOVING = (Warp, Field, Layers, Rope, Time, Opaque)
"""Effects that targets follow."""

STILL = (Curve, Color, Pixels, Samples, Events, Rows, Convert)
"""Effects that leave targets where they are."""


def moves(effect: Effect) -> bool:
    """Return whether targets must follow the effect; one that is lowered to others is taken to move them."""
    return not isinstance(effect, STILL)
