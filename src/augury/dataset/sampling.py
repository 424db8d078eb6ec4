"""Sampling: the rows of every model by chunks on all workers, and the models themselves beside the rows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augury.dataset.index import Index
from augury.dataset.made import EQUALS, Chunk, MakeChunks, Part, write_held
from augury.dataset.manifest import SYNTHESIS
from augury.dataset.synthesizing import MODELS, Learned
from augury.dataset.units import Plan, UnitResult, finished, left_in
from augury.dataset.workspace import Workspace
from augury.dataset.write import hash_file
from augury.durable import write_json, written
from augury.engines import Local
from augury.errors import DataError
from augury.generate import load
from augury.generate.generator import PATIENCE, unmet
from augury.recipe.model import Recipe
from augury.synthesis import CHUNK

WAVE = 64
"""Most chunks that are asked for at a time where it is not known how many rows each gives."""


@dataclass(frozen=True)
class Sampling:
    """One run's sampling: ``done`` is told of every chunk."""

    recipe: Recipe
    work: Workspace
    engine: Local
    index: Index
    plans: Mapping[str, Plan]
    done: Callable[[UnitResult], None]

    def sample(self, learned: Sequence[Learned]) -> dict[str, list[UnitResult]]:
        """Make every entry's rows, by chunks on all workers; return the entry's title to its chunks.

        Raises:
            DataError: for a condition that is not met, naming the entry.
        """
        able = [one for one in learned if one.model is not None]
        parts = {o.entry.title: self._part(o) for o in able}
        held = {c: self._held(c) for c in {o.entry.collection for o in able}}
        task = MakeChunks(self.work.stage("rows"), parts, {c: p for c, p in held.items() if p}, self.recipe.on_error)
        made = {one.entry.title: self._sample(one, task) for one in able}
        for one in able:
            results = made[one.entry.title]
            left = Counter(row.code for r in results if r.left for row in left_in(task.folder, r.unit))
            turned = left.pop(EQUALS, 0)
            one.facts.update(rows=sum(r.rows for r in results), turned_away=turned, failed=left.total())
        return made

    def _part(self, learned: Learned) -> Part:
        assert learned.model is not None
        plan = self.plans[learned.entry.collection]
        return Part(learned.entry, learned.model, plan.columns, plan.schema)

    def _held(self, collection: str) -> Path | None:
        """Return what records of other sides hold; None where histories are cut by time, which lie on several sides."""
        plan = self.plans[collection]
        if self.index.events is not None and self.index.events.field in plan.columns.after:
            return None
        path = self.work.stage(MODELS) / f"held-{self.work.key('held', collection, self.index.folder.name)}.npy"
        if not path.exists():
            write_held(self.index, plan.columns, collection, path)
        return path

    def _sample(self, learned: Learned, task: MakeChunks) -> list[UnitResult]:
        assert learned.model is not None
        generator = load(learned.model)
        out: list[UnitResult] = []
        try:
            for number, (where, rows) in enumerate(learned.streams):
                stream = _Stream(self, learned, task, number, where)
                out += stream.filtered(rows) if generator.filters(where) else stream.whole(rows)
        except DataError as error:
            raise DataError(f"synthesize {learned.entry.title}: {error}") from error
        return out


class _Stream:
    """The chunks of one condition of one entry."""

    def __init__(
        self, run: Sampling, learned: Learned, task: MakeChunks, number: int, where: Mapping[str, Any]
    ) -> None:
        self.run, self.learned, self.task, self.number, self.where = run, learned, task, number, where

    def whole(self, rows: int) -> list[UnitResult]:
        """Make as many chunks as the rows need: none of them leaves a row out."""
        sizes = (min(CHUNK, rows - start) for start in range(0, rows, CHUNK))
        return self._make([self._chunk(index, size) for index, size in enumerate(sizes)])

    def filtered(self, rows: int) -> list[UnitResult]:
        """Make chunks in order until there are enough rows; the last is made again, cut.

        How many are made at a time changes none of them: what lies behind the last is left.
        """
        out: list[UnitResult] = []
        have = since = index = 0
        rate = 1.0
        while have < rows:
            count = min(max(int((rows - have) / (rate * CHUNK)) + 1, 1), WAVE)
            for result in self._make([self._chunk(index + i, CHUNK) for i in range(count)]):
                made = result.rows + result.left
                since = 0 if made else since + 1
                if since == PATIENCE:
                    raise unmet(self.where)
                left = rows - have
                if made > left:
                    out += self._make([self._chunk(index, left)])
                    return out
                out.append(result)
                have += made
                index += 1
                if have == rows:
                    return out
            rate = max(have / (index * CHUNK), 1 / CHUNK)
        return out

    def _chunk(self, index: int, rows: int) -> Chunk:
        title = self.learned.entry.title
        assert self.learned.model is not None
        where = {name: str(only) for name, only in self.where.items()}
        key = self.run.work.key("chunk", self.learned.model.name, self.number, where, index, rows)
        return Chunk(f"made-{key}", title, self.number, self.where, index, rows)

    def _make(self, chunks: Sequence[Chunk]) -> list[UnitResult]:
        folder = self.task.folder
        done = {c.name: r for c in chunks if (r := finished(folder, c.unit)) is not None}
        for result in self.run.engine.map(self.task, (c for c in chunks if c.name not in done)):
            done[result.unit.name] = result
        results = [done[c.name] for c in chunks]
        for result in results:
            self.run.done(result)
        return results


def write_synthesis(folder: Path, learned: Sequence[Learned]) -> dict[str, str]:
    """Write what is known of each entry, and its model, into the dataset; return each file's name and hash."""
    files = []
    for one in learned:
        if one.model is not None:
            one.facts["folder"] = f"{MODELS}/{one.entry.title}"
            for path in sorted(p for p in one.model.rglob("*") if p.is_file()):
                target = folder / one.facts["folder"] / path.relative_to(one.model)
                target.parent.mkdir(parents=True, exist_ok=True)
                with written(target) as temporary:
                    shutil.copyfile(path, temporary)
                files.append(target)
    if learned:
        write_json(folder / SYNTHESIS, [one.facts for one in learned])
        files.append(folder / SYNTHESIS)
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}
