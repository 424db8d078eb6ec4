"""What is made of one record: one output, several views of it, or a weak and a strong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augury.errors import ParamError, describe, shown
from augury.formats.beside import ROW_ID
from augury.pipelines import Pipeline

ID_COLUMNS = (ROW_ID, "id")
"""Keys of a record that name it, where no id is given."""


@dataclass(frozen=True)
class Views:
    """Makes a record's views. Frozen and picklable: workers get it whole.

    Args:
        pipes: Pipelines, each of which gives its own views. All see the same copy number, so that steps they share (by
            name) draw the same: a weak and a strong pipeline agree on what both do.
        count: Views of each pipeline, with copy numbers of their own: they differ in every draw.
        seed: Whence all draws, with the record's id and the copy number.
        id: The record's key that names it, or a function of (index, record); None looks for ``augury_id`` and ``id``,
            else takes the index.
        output: What becomes of each view, such as a conversion to tensors.
        pool: Id to record, for ops with donors.
    """

    pipes: tuple[Pipeline, ...]
    count: int = 1
    seed: int = 0
    id: str | Callable[[int, Mapping[str, Any]], str] | None = None
    output: Callable[[Any], Any] | None = None
    pool: Any = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ParamError: for none or fewer than one of something.
        """
        if self.count < 1 or not self.pipes:
            raise ParamError(describe("views", "at least one view", shown("none"), fix="give views=1"))

    def name(self, index: int, record: Mapping[str, Any]) -> str:
        """Return what the record's draws are keyed by."""
        if callable(self.id):
            return self.id(index, record)
        if self.id is not None:
            if record.get(self.id) is None:
                got = ", ".join(map(str, record))
                raise ParamError(describe("id", f"a record with {self.id!r}", shown(got), fix="name another key"))
            return str(record[self.id])
        found = next((record[key] for key in ID_COLUMNS if record.get(key) is not None), index)
        return str(found)

    def __call__(self, index: int, record: Mapping[str, Any], epoch: int) -> Any:
        """Return the views of a record in an epoch: one alone as it is, more as a tuple, pipeline by pipeline.

        Raises:
            Dropped: when a view's field with ``on_empty: drop`` became empty.
        """
        name = self.name(index, record)
        made = [self._one(pipe, record, name, epoch * self.count + k) for pipe in self.pipes for k in range(self.count)]
        return made[0] if len(made) == 1 else tuple(made)

    def _one(self, pipe: Pipeline, record: Mapping[str, Any], name: str, copy: int) -> Any:
        known = {field: value for field, value in record.items() if field in pipe.schema}
        out = pipe(known, seed=self.seed, id=name, copy=copy, pool=self.pool)
        return out if self.output is None else self.output(out)


def views_of(pipe: Pipeline | Sequence[Pipeline], **options: Any) -> Views:
    """Return the views of one pipeline or several."""
    return Views(tuple(pipe) if isinstance(pipe, Sequence) else (pipe,), **options)
