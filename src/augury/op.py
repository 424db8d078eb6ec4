"""The op contract: an op draws numbers, then declares an effect. Everything else is the core's work.

class Saturate(Op):
'''Scale colour saturation.'''
on = "image"
strength_range: Range = (0.5, 1.5)

def draw(self, rng, info):
return {"strength": rng.uniform(*self.strength_range)}

def effect(self, draw, info):
return Color(saturation_matrix(draw["strength"]))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar, cast

from augury.effects import Effects, Rows
from augury.params import Configured
from augury.rng import Rng, Rngs

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


class Info(Protocol):
    """What an op may know of the record it is about to change.

    ``size``, ``field``, ``kind``, ``id``, ``copy``, ``donors`` and ``state`` are always there and free. ``value``,
    ``targets`` and ``links`` are for `Op.pick` and `Op.draw` only, and only if the op's ``reads`` names them:
    in `Op.effect` they raise, so that a stored draw replays without looking at the data again.
    """

    field: str
    """The anchor's field name ("row" for ops on rows)."""
    kind: Any
    """The anchor's kind (a `Kind`)."""
    size: Any
    """The anchor's size after everything pending: `PlaneSize`, `TextSize`, `TimeSize` or `RowSize`."""
    id: str
    """The record's id."""
    copy: int | None
    """The copy number; None for an original."""
    state: Any
    """What `Op.fit` returned; None for ops without it."""
    donors: Sequence[Donor]
    """The donors picked, in order."""

    @property
    def value(self) -> Any:
        """The anchor's canonical value; runs what is pending first. For rows: a mapping of columns to values."""
        ...

    @property
    def targets(self) -> Mapping[str, Any]:
        """Values of the fields that lie on the anchor, mapped through everything pending."""
        ...

    def after(self, effect: Any) -> Mapping[str, Any]:
        """Return ``targets`` as they will be once the anchor has ``effect`` too. Needs "targets" in ``reads``."""
        ...

    @property
    def links(self) -> Mapping[str, Any]:
        """Values of the record's other fields, as they are now."""
        ...

    @property
    def pool(self) -> Pool:
        """The records donors may come from, without this one. In `Op.pick` only."""
        ...

    def memo(self, fn: Callable[[Any], T]) -> T:
        """Return ``fn(value)``, computed once for each value (tokens, a spectrum)."""
        ...


class Donor(NamedTuple):
    """Another record that an op takes material from: post-clean, un-augmented, of the same side."""

    id: str
    value: Any
    """Its value of the anchor's field, conformed to the anchor's."""
    size: Any
    """That value's size."""
    record: Mapping[str, Any]
    """All its fields."""


class TableInfo(NamedTuple):
    """What `Op.draw_rows` may know of the rows: those parts of an `Info` that are the same for all, and their ids."""

    field: str
    size: Any
    state: Any
    ids: Sequence[str]
    asked: np.ndarray
    """bool (n,): the rows that the op is asked about; what it says of the others is not looked at."""
    donors: Sequence[Donor] = ()


class Drawn(NamedTuple):
    """What an op does to the n rows of a table: see `Op.draw_rows`.

    Args:
        effect: Its one effect, each of ``args`` with leading axis n; None where it does nothing.
        where: bool (n,): the rows it applies to; None for all.
        donors: object (n, donors): the ids of the rows' donors, None where a row has none; None without donors.
    """

    effect: Rows | None
    where: np.ndarray | None = None
    donors: np.ndarray | None = None


class Pool(Protocol):
    """The records donors may come from, by id. Records are read only when asked for."""

    def near(self, rng: Rng, n: int) -> list[str]:
        """Return ``n`` ids: the successors of a drawn point on the ring of hashed ids."""
        ...

    def ids(self) -> Sequence[str]:
        """Return all ids, sorted."""
        ...

    def __getitem__(self, record_id: str) -> Mapping[str, Any]:
        """Return a record."""
        ...


class Op(Configured):
    """Base of all ops: frozen parameters, no state, safe from any thread.

    Class attributes:
        on: The kind it acts on, or several: then on each field it is given of any of them. "row" is the
            record's table columns together.
        reads: Which of "value", "targets", "links" its `pick` and `draw` look at.
        donors: The most other records it takes.
        makes: Static change of kinds: {"self": "raw_image"}, {"label": "distribution"} ("label" is the role).
        columns: For ops on "row": the kinds of the columns it may change.
        fits: Whether `fit` must run on the training side first.
        seeded: For ops on "row": that the draw is ``{"seed": ...}`` alone, and the one `Rows` it makes is, but for the
            seed, the same for every row. Such ops run on whole tables (`augury.pipelines.Pipeline.table`), as do those
            with a `draw_rows` of their own.
        changes_missing: For ops on "row": whether values may go missing, or missing ones be filled.
        reparametrises: For ops on "row": whether its change is taken in the terms of the constraints it touches (see
            `augury.constraints.base.Constraint.follow`), so that it keeps them. Otherwise a row it breaks is an error.
    """

    on: ClassVar[str | tuple[str, ...]] = ""
    reads: ClassVar[frozenset[str]] = frozenset()
    donors: ClassVar[int] = 0
    makes: ClassVar[Mapping[str, str]] = {}
    columns: ClassVar[tuple[str, ...]] = ()
    fits: ClassVar[bool] = False
    seeded: ClassVar[bool] = False
    changes_missing: ClassVar[bool] = False
    reparametrises: ClassVar[bool] = False

    def fit(self, batches: Iterable[Sequence[tuple[str, Mapping[str, Any]]]], fields: Mapping[str, Any]) -> Any:
        """Return a state (JSON values and numpy arrays) from the training side: batches of (id, record), sorted by id.

        Of a table the batches are `augury.record.Batch`, whose columns can be had whole.
        ``fields`` maps the step's fields (for rows: its columns), then those with role label, to their `FieldSpec`.
        The state's hash is part of the lineage.
        """
        raise NotImplementedError

    def pick(self, rng: Rng, info: Info) -> Sequence[str]:
        """Return the ids of the donors, on a sub-stream of its own."""
        return info.pool.near(rng, self.donors)

    def draw(self, rng: Rng, info: Info) -> Any:
        """Return everything random and everything looked up, as small JSON values; arrays only as sub-seeds."""
        return {"seed": rng.seed()} if self.seeded else None

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return what the op does: a pure function of the draw, the size, the donors and the fitted state."""
        raise NotImplementedError

    def draw_rows(self, rng: Rngs, info: TableInfo) -> Drawn:
        """Return what `pick`, `draw` and `effect` give for each of many rows, bit for bit, drawn all at once.

        For ops on "row" whose draws look at nothing but ids and fitted state. ``rng`` is after its gates; what `pick`
        draws comes from ``rng.branch("pick")``.
        """
        effect = self.effect({"seed": 0}, cast(Any, info))
        return Drawn(effect._replace(args={"seed": rng.seed()}) if isinstance(effect, Rows) else None)

    def expand(self) -> Sequence[Any] | None:
        """Return the steps this op stands for (a policy), or None for an op of its own."""
        return None


def takes_tables(op: type[Op] | Op) -> bool:
    """Return whether an op runs on whole tables: its draw is a seed alone, or it has a `Op.draw_rows`."""
    return op.seeded or getattr(op.draw_rows, "__func__", op.draw_rows) is not Op.draw_rows


def kinds_of(op: type[Op] | Op) -> tuple[str, ...]:
    """Return the kinds an op acts on as a tuple."""
    return (op.on,) if isinstance(op.on, str) else tuple(op.on)
