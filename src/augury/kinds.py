"""Kinds: what a field's values are, how they follow effects, and how they are kept on disk.

A kind plays up to three parts, each a group of methods below:
anchor (it has a space: effects act on it), target (it follows an anchor's maps), stored value (every kind).
Methods never change their arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from augury.params import Configured

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from augury.views import Mark, View


@runtime_checkable
class Later(Protocol):
    """A value that is not decoded yet: it tells its size, and its kind's ``render`` may decode less than all of it."""

    def whole(self) -> Any:
        """Return the canonical value, the same object each time.

        Raises:
            FieldError: when the encoded bytes are damaged.
        """
        ...


class Kind(Configured):
    """Base of all kinds. Its parameters are the options a field may give beside ``kind:``.

    Class attributes:
        space: The space whose effects act on it ("plane", "text", "events", "time", "row"), or None for a pure target.
        follows: The spaces whose maps it can follow when it is linked to an anchor by ``of``.
        follows_whole: Whether `follow` takes a chain of warps and dense fields as one map, as kinds made of pixels do
            to be resampled once. Others are given its stages one after the other.
        payload: Whether it is kept as encoded bytes (images, audio) that are decoded when needed.
    """

    space: ClassVar[str | None] = None
    follows: ClassVar[frozenset[str]] = frozenset()
    follows_whole: ClassVar[bool] = False
    payload: ClassVar[bool] = False

    # -- every kind ------------------------------------------------------------------------------------------

    def check(self, value: Any) -> Any:
        """Return ``value`` in the kind's canonical form, accepting what users naturally hold.

        Raises:
            FieldError: what was expected and what came; the caller adds record and field.
        """
        return value

    def equal(self, a: Any, b: Any) -> bool:
        """Whether two canonical values are the same, bit for bit (NaN equals NaN)."""
        return self.digest(a) == self.digest(b)

    def digest(self, value: Any) -> bytes:
        """Return bytes that are equal exactly for equal canonical values: what the content hash is made of."""
        from augury.values import canonical_bytes

        return canonical_bytes(self.pack(value))

    def arrow(self) -> pa.DataType:
        """Return the Arrow type the kind is kept as (for payloads: struct<bytes: binary, path: string>)."""
        raise NotImplementedError

    def pack(self, value: Any) -> Any:
        """Return ``value`` as the plain Python object that its Arrow type holds (for payloads: encoded bytes)."""
        return value

    def unpack(self, stored: Any) -> Any:
        """Return the canonical value of what `pack` made, or of what a file of this kind holds.

        Raises:
            FieldError: when the stored object or the encoded bytes are damaged or over a limit.
        """
        return self.check(stored)

    def probe(self, stored: Any) -> None:
        """Refuse what `unpack` would refuse. A payload kind may find that out for less than decoding it costs.

        Raises:
            FieldError: as `unpack`.
        """
        self.unpack(stored)

    @property
    def defers(self) -> bool:
        """Whether fields of this kind are decoded only when something runs on them (see `later`)."""
        return False

    def later(self, stored: Any) -> Later | None:
        """Return what stands for a stored value until something runs on it, or None where it is decoded at once.

        `size` and `render` take it as they take a canonical value.

        Raises:
            FieldError: where its header alone is refused.
        """
        return None

    def loses(self, name: str) -> str:
        """Return what is lost, and how not to, when a value that came in the file ``name`` is made and kept again.

        Empty where nothing more is lost than the file had lost already.
        """
        return ""

    def feature(self) -> Mapping[str, Any] | None:
        """Return the Hugging Face feature entry (``{"_type": "Image"}``), or None for the Arrow type's own."""
        return None

    def samples(self) -> list[Any]:
        """Return a few small, different values, an edge case among them: what the conformance kit runs on.

        For a pure target, values that lie on the first sample of its anchor kind.
        """
        raise NotImplementedError

    def show(self, value: Any) -> View | Sequence[Mark] | None:
        """Return what a person should see of a value: a view, or a target's marks on its anchor's; None for text."""
        return None

    # -- anchors ---------------------------------------------------------------------------------------------

    def size(self, value: Any) -> Any:
        """Return the space's size (`PlaneSize`, `TextSize`, `EventsSize`, `TimeSize`) of a canonical value."""
        raise NotImplementedError

    def render(self, value: Any, segment: Any) -> Any:
        """Run a pending segment of the kind's space: one resample, one table."""
        raise NotImplementedError

    def apply(self, value: Any, effect: Any, sources: Sequence[Any]) -> Any:
        """Run an opaque value effect (`Pixels`, `Samples`, `Events`); ``sources`` are the donors' values it names."""
        raise NotImplementedError

    def compose(self, value: Any, layers: Any, donors: Sequence[Any]) -> tuple[Any, Sequence[float]]:
        """Run `Layers`: return the composed value and the visible share of each layer, summing to 1 or less."""
        raise NotImplementedError

    def conform(self, value: Any, like: Any) -> Any:
        """Bring a donor's value to the rate, dtype and channels of the anchor's value ``like``."""
        return value

    # -- values in time (kinds a record can be split by time with) ----------------------------------------------

    def moments(self, value: Any) -> np.ndarray:
        """Return the moment of each part of a value, ascending, as float64 or int64 (n,): what a time split looks at.

        All records of a field must be on one clock: seconds since the epoch, say, or any shared count.

        Raises:
            FieldError: where the value has no times.
        """
        raise NotImplementedError

    def cut(self, value: Any, at: float) -> tuple[Any, Any]:
        """Return (history, future): the parts of a value before the moment ``at``, and those at it or later.

        Both are canonical values; either may be empty. Nothing of the future shows in the history.

        Raises:
            FieldError: where the value has no times.
        """
        raise NotImplementedError

    # -- columns of rows (kinds whose space is "row") -----------------------------------------------------------

    def to_column(self, values: Sequence[Any]) -> np.ndarray:
        """Return canonical values (None where missing) as the array that functions of `Rows` are given."""
        import numpy as np

        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column

    def from_column(self, column: np.ndarray) -> list[Any]:
        """Return canonical values (None where missing) of such an array, held to the kind's bounds and rounding."""
        return list(column)

    def hold(self, column: np.ndarray) -> np.ndarray:
        """Return such an array held to the kind's bounds and rounding: what `from_column` gives, as an array."""
        return column

    # -- targets ---------------------------------------------------------------------------------------------

    def open(self, value: Any, size: Any) -> Any:
        """Return the form carried through a pipeline (boxes become quads); ``size`` is the anchor's."""
        return value

    def follow(self, carried: Any, where: Any) -> Any:
        """Follow a map (`PlaneMap`, `RopeMap`, `TimeMap`) of one of the spaces in ``follows``.

        None says that it cannot follow this one: the record is refused, or the field is left out with
        ``on_unmoved: drop``.
        """
        raise NotImplementedError

    def merge(self, parts: Sequence[tuple[Any, Any]], size: Any) -> Any:
        """Follow `Layers`: ``parts`` are (carried, map) of each layer with targets, bottom first; None as in `follow`.

        Layers of one source share one carried object.
        """
        raise NotImplementedError

    def take(self, carried: Any, rows: Sequence[int]) -> Any:
        """Return the carried entries of these rows only, for `Layer.rows`; kinds without rows are never asked."""
        raise NotImplementedError

    def close(self, carried: Any, size: Any) -> Any:
        """Return the canonical value of a carried one; ``size`` is the anchor's final one."""
        return carried

    def is_empty(self, value: Any) -> bool:
        """Whether a target's value holds nothing any more: what ``on_empty: drop`` looks at."""
        return False

    # -- mixing ----------------------------------------------------------------------------------------------

    lifts_to: ClassVar[str | None] = None
    """The kind its values can be lifted to where two are mixed (category: distribution)."""

    def lift(self, value: Any) -> Any:
        """Return the value in the kind named by ``lifts_to``."""
        raise NotImplementedError

    def mix(self, values: Sequence[Any], weights: Sequence[float]) -> Any:
        """Return the weighted mix, in the kind named by ``lifts_to`` (or this one)."""
        raise NotImplementedError
