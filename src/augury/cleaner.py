"""The cleaner contract: a cleaner judges a record, or cuts it into several. What changes a value is an op.

class Blank(Cleaner):
    '''Reject pictures of one colour.'''
    on = "image"
    spread: Annotated[float, Within(0, 1)] = 0.02

    def judge(self, value, info):
        spread = float(np.ptp(value)) / 255
        return None if spread > self.spread else Rejection("blank", f"levels spread over {spread:.3f} of the range")

Cleaners run once a record, before the split, in the order of the recipe's ``clean:`` and between its ops; those that
are fitted run after it, on the training side only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

from augury.effects import Effects
from augury.params import Configured


class Rejection(NamedTuple):
    """Why a record leaves.

    Args:
        reason: A short word that rejected records are counted by: ``blank``, ``too_short``.
        detail: What was measured and what was asked, with units, for a person.
    """

    reason: str
    detail: str = ""


class CleanInfo(Protocol):
    """What a cleaner may know beside the value."""

    field: str
    """The field's name ("row" for cleaners on rows)."""
    kind: Any
    """The field's kind (a `Kind`); for rows None."""
    size: Any
    """The value's size in its kind's space; None for kinds without one."""
    id: str
    """The record's id."""
    record: Mapping[str, Any]
    """All fields of the record, decoded when they are looked at."""
    state: Any
    """What `Cleaner.fit` returned; None for cleaners without it."""


class Cleaner(Configured):
    """Base of all cleaners: frozen parameters, no state, safe from any thread.

    A cleaner defines `judge`, or `pieces` and `effect`. A record without a value for the field passes it by.

    Class attributes:
        on: The kind whose values it looks at, or several; "row" is the record's table columns together, as a mapping.
        columns: For cleaners on "row": the kinds of the columns it looks at.
        fits: Whether `fit` must run first, on the training side. It then judges that side only, after the split.
    """

    on: ClassVar[str | tuple[str, ...]] = ""
    columns: ClassVar[tuple[str, ...]] = ()
    fits: ClassVar[bool] = False

    def fit(self, values: Iterable[tuple[str, Any]], fields: Mapping[str, Any]) -> Any:
        """Return a state (JSON values and numpy arrays) from (id, value) of the training side, sorted by id.

        ``fields`` maps the field (for rows: its columns) to its `FieldSpec`.
        """
        raise NotImplementedError

    def judge(self, value: Any, info: CleanInfo) -> Rejection | None:
        """Return why the record leaves, or None when it stays. Deterministic; never changes ``value``."""
        return None

    def pieces(self, value: Any, info: CleanInfo) -> int | None:
        """Return into how many records this one is cut, or None where the cleaner cuts nothing.

        0 rejects the record as ``empty``. The pieces are records of their own, with ids ``parent/0``, ``parent/1``.
        """
        return None

    def effect(self, piece: int, info: CleanInfo) -> Effects:
        """Return what makes piece number ``piece`` of the record: targets and linked fields follow it.

        Pure in ``piece`` and ``info.size``; it is asked again for every piece.
        """
        raise NotImplementedError
