"""Datasets for torch's DataLoader. The same record, epoch and seed give the same bytes with any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils import data as loading

from augury.errors import DataError, ParamError, describe, shown
from augury.pipelines import Dropped, Pipeline
from augury.torch.finished import FinishedRecords, record_of, stream
from augury.torch.views import Views, views_of


class _Epoch:
    """The present epoch, in memory that workers share, so that those that persist see it change."""

    def __init__(self) -> None:
        self._value = torch.zeros((), dtype=torch.int64).share_memory_()

    def get(self) -> int:
        return int(self._value)

    def set(self, epoch: int) -> None:
        if epoch < 0:
            raise ParamError(describe("epoch", "a whole number of at least 0", epoch, fix="count epochs from 0"))
        self._value.fill_(epoch)


class Dataset(loading.Dataset[Any]):
    """Augmented records of a base by index. The copy number is the epoch, so every epoch draws anew.

    Example: ``Dataset(records, pipe, seed=3, views=2)`` gives two views of each record; ``Dataset(records, (weak,
    strong))`` one by each pipeline, which agree on the steps both have.
    """

    def __init__(
        self,
        base: Any,
        pipe: Pipeline | Sequence[Pipeline],
        *,
        seed: int = 0,
        views: int = 1,
        id: str | Callable[[int, Mapping[str, Any]], str] | None = None,
        output: Callable[[Any], Any] | None = None,
        pool: Any = None,
        side: str = "train",
        collection: str | None = None,
    ) -> None:
        """Wrap a base.

        Args:
            base: A sequence of records, anything with ``len()`` and ``[i]`` that gives mappings (a torch or Hugging
                Face dataset), or the folder of a finished dataset.
            pipe: The pipeline, or several that each give a view. Keys that its schema lacks are left out.
            seed: Whence all draws, with the record's id and the copy number.
            views: Views of each pipeline.
            id: The record's key that names it, or a function of (index, record); None looks for ``augury_id`` and
                ``id``, else takes the index.
            output: What becomes of each view, such as ``augury_image.tensors.ToTvTensors``.
            pool: Id to record, for ops with donors.
            side: The side of a finished dataset.
            collection: Its collection; None takes the only one.

        Raises:
            DataError: for a base that is neither.
        """
        if isinstance(base, str | Path):
            base = FinishedRecords(base, side, collection)
        if not hasattr(base, "__len__") or not hasattr(base, "__getitem__"):
            fix = "wrap it in IterableDataset"
            raise DataError(describe("base", "records with len() and [i]", shown(type(base).__name__), fix=fix))
        self.base = base
        self.views: Views = views_of(pipe, count=views, seed=seed, id=id, output=output, pool=pool)
        self._epoch = _Epoch()

    def set_epoch(self, epoch: int) -> None:
        """Draw as in this epoch from the next record on; also in workers that persist."""
        self._epoch.set(epoch)

    def __len__(self) -> int:
        """The base's records."""
        return len(self.base)

    def __getitem__(self, index: int) -> Any:
        """Return the views of a record.

        Raises:
            Dropped: when a field with ``on_empty: drop`` became empty; keep it, or iterate.
        """
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.views(index, _mapping(self.base[index]), self._epoch.get())


class IterableDataset(loading.IterableDataset[Any]):
    """Augmented records of a stream, each worker of each process its share. The copy number is the epoch.

    The records are those of one process alone, whatever the number of workers; with ``batch_size=None`` in the
    DataLoader so is their order. What ``on_empty: drop`` drops is left out.
    """

    def __init__(
        self,
        base: Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]] | str | Path,
        pipe: Pipeline | Sequence[Pipeline],
        *,
        seed: int = 0,
        views: int = 1,
        id: str | Callable[[int, Mapping[str, Any]], str] | None = None,
        output: Callable[[Any], Any] | None = None,
        pool: Any = None,
        side: str = "train",
        collection: str | None = None,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        """Wrap a stream.

        Args:
            base: Records that can be iterated again each epoch, a function that gives them, or the folder of a finished
                dataset of any format. Every worker walks through all of it and makes its share; rows of a finished
                dataset are decoded only where they are its own.
            pipe: As in `Dataset`, and so all options but the last two.
            seed: As in `Dataset`.
            views: As in `Dataset`.
            id: As in `Dataset`.
            output: As in `Dataset`.
            pool: As in `Dataset`.
            side: As in `Dataset`.
            collection: As in `Dataset`.
            rank: This process among all; None asks torch.distributed, and is 0 where that is not started.
            world_size: The number of processes, as ``rank``.
        """
        if isinstance(base, Iterator):
            fix = "give a list, or a function that returns the iterator"
            raise DataError(describe("base", "records for every epoch", shown("an iterator that ends"), fix=fix))
        self.base = base
        self.views: Views = views_of(pipe, count=views, seed=seed, id=id, output=output, pool=pool)
        self.side, self.collection = side, collection
        self.rank, self.world_size = rank, world_size
        self._epoch = _Epoch()

    def set_epoch(self, epoch: int) -> None:
        """Draw as in this epoch from the next iteration on."""
        self._epoch.set(epoch)

    def __iter__(self) -> Iterator[Any]:
        """Yield the views of this worker's records, in order."""
        share, shares = self._share()
        epoch = self._epoch.get()
        for index, (record, fields) in enumerate(self._records()):
            if index % shares == share:
                known = record if fields is None else record_of(record, fields)
                try:
                    yield self.views(index, _mapping(known), epoch)
                except Dropped:
                    continue

    def _records(self) -> Iterator[tuple[Any, Any]]:
        if isinstance(self.base, str | Path):
            yield from stream(self.base, self.side, self.collection)
            return
        for record in self.base() if callable(self.base) else self.base:
            yield record, None

    def _share(self) -> tuple[int, int]:
        """Return which share this worker of this process makes, of how many."""
        worker = loading.get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        rank, world = self.rank, self.world_size
        if rank is None or world is None:
            started = torch.distributed.is_available() and torch.distributed.is_initialized()
            rank = torch.distributed.get_rank() if started else 0
            world = torch.distributed.get_world_size() if started else 1
        return rank * workers + number, world * workers


def _mapping(record: Any) -> Mapping[str, Any]:
    if isinstance(record, Mapping):
        return record
    fix = "give mappings of field names to values"
    raise DataError(describe("base", "records that are mappings", shown(type(record).__name__), fix=fix))
