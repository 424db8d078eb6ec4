"""A transform for Hugging Face ``datasets``: augments rows when they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from augury.errors import DataError, describe, shown
from augury.pipelines import Pipeline
from augury.torch.views import ID_COLUMNS, Views, views_of


class BatchTransform:
    """What ``Dataset.set_transform`` takes: a batch of columns in, the same columns augmented.

    Rows are named by a column, as the transform sees no indices. Columns the schema lacks pass through; several views
    are lists. `set_epoch` sets the copy number in this process; a DataLoader's workers take it when they start.

    Args:
        pipe: The pipeline, or several that each give a view.
        id: The column that names rows; None looks for ``augury_id`` and ``id``.
        seed: Whence all draws.
        views: Views of each pipeline.
        output: What becomes of each view.
        pool: Id to record, for ops with donors.
    """

    def __init__(
        self,
        pipe: Pipeline | Sequence[Pipeline],
        *,
        id: str | None = None,
        seed: int = 0,
        views: int = 1,
        output: Callable[[Any], Any] | None = None,
        pool: Any = None,
    ) -> None:
        """See the class."""
        self.views: Views = views_of(pipe, count=views, seed=seed, id=id, output=output, pool=pool)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Draw as in this epoch from the next batch on."""
        self.epoch = epoch

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the batch augmented.

        Raises:
            DataError: for rows that no column names.
        """
        names = ID_COLUMNS if self.views.id is None else (str(self.views.id),)
        if not any(name in batch for name in names):
            got, fix = ", ".join(batch), "give id= with a column that differs from row to row"
            raise DataError(describe("transform", "a column that names rows", shown(got), fix=fix))
        count = len(next(iter(batch.values()), ()))
        out: dict[str, list[Any]] = {name: [] for name in batch}
        for index in range(count):
            record = {name: column[index] for name, column in batch.items()}
            made = self.views(index, record, self.epoch)
            for name in batch:
                one = [{**record, **view}[name] for view in made] if isinstance(made, tuple) else None
                out[name].append({**record, **made}[name] if one is None else one)
        return out
