"""Made rows: chunks of a model's rows as rows of the dataset. A chunk is a function of (model, condition, place)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augury.dataset.assigning import Left
from augury.dataset.cleaning import INVALID
from augury.dataset.columns import COPY, ORIGIN, PARENTS, Columns
from augury.dataset.identity import fields_digest, plain_value
from augury.dataset.index import Index
from augury.dataset.split import DEFAULT_SIDE
from augury.dataset.units import Made, Unit, UnitResult
from augury.durable import write_json, written
from augury.errors import DataError, describe, shown
from augury.formats.beside import ROW_ID
from augury.generate import Generator, load
from augury.generate.conditions import class_sequence, length
from augury.recipe.deriving import derive
from augury.recipe.sections import SYNTHETIC
from augury.recipe.synthesis import Synthesis
from augury.record import Schema
from augury.synthesis import CHUNK

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = "synthesize"
EQUALS = "equals_held_out"
"""Why a made row is turned away whose plain fields are those of a record of another side than the training one."""


class Part(NamedTuple):
    """One entry's model and where its rows go.

    Args:
        entry: What the recipe says.
        model: The folder of the fitted generator.
        columns: What is written.
        schema: What cleaning leaves of the collection's records.
    """

    entry: Synthesis
    model: Path
    columns: Columns
    schema: Schema


class Chunk(NamedTuple):
    """A unit of made rows.

    Args:
        name: Of its file.
        title: The entry's title.
        stream: Which condition of the entry it is under; streams are counted from 0.
        where: That condition.
        place: Which chunk of the stream it is, from 0 on.
        rows: How many of its rows are taken, from the first on.
    """

    name: str
    title: str
    stream: int
    where: Mapping[str, Any]
    place: int
    rows: int

    def __str__(self) -> str:
        """Return the chunk as messages name it."""
        return f"unit {self.name} ({self.title}: chunk {self.place} of stream {self.stream})"

    @property
    def unit(self) -> Unit:
        """The unit that writers know it as."""
        return Unit(self.name, self.title.partition("@")[0], DEFAULT_SIDE, 0, 0)


def made_id(title: str, stream: int, chunk: int, row: int) -> str:
    """Return the id of a made row: ``people@forest/0.12.845``. No record's id holds an @ before its first slash."""
    return f"{title}/{stream}.{chunk}.{row}"


class MakeChunks:
    """The task that makes a chunk's rows; runs in workers, and keeps the model it has loaded."""

    def __init__(self, folder: Path, parts: Mapping[str, Part], held: Mapping[str, Path], on_error: str) -> None:
        """Write into ``folder``; ``held`` maps collections to what `write_held` wrote of them."""
        self.folder, self.parts, self.held, self.on_error = folder, parts, held, on_error

    def __call__(self, chunk: Chunk) -> UnitResult:
        """Write the chunk's rows as an Arrow file, then what was made as JSON, which says that it is done."""
        import pyarrow as pa

        part = self.parts[chunk.title]
        made = Made(chunk.unit, part.columns)
        rows = list(self._rows(part, chunk, made))
        schema = part.columns.rows()
        with written(self.folder / f"{chunk.name}.arrow") as path, made.file(path) as writer:
            writer.write_batch(made.count(pa.RecordBatch.from_pylist(rows, schema=schema)))
        result = made.result()
        facts = {name: value for name, value in result._asdict().items() if name != "unit"}
        write_json(self.folder / f"{chunk.name}.json", facts | {"gone": made.gone})
        return result

    def _rows(self, part: Part, chunk: Chunk, made: Made) -> Iterator[dict[str, Any]]:
        collection = part.entry.collection
        held = _held(self.held[collection]) if collection in self.held else None
        for name, values in rows_of_chunk(part, _generator(part.model), chunk):
            if isinstance(values, DataError):
                if self.on_error == "raise":
                    raise values
                made.gone.append(Left(collection, name, None, STAGE, INVALID, str(values)))
            elif held is not None and _among(_point(part.columns, values), held):
                got = shown("the same as a record that is held out")
                why = describe("", "other values than those of a record of val or test", got)
                made.gone.append(Left(collection, name, None, STAGE, EQUALS, why))
            else:
                yield values


def rows_of_chunk(part: Part, generator: Generator, chunk: Chunk) -> Iterator[tuple[str, dict[str, Any] | DataError]]:
    """Yield the id and stored values of each of a chunk's rows, or why a derived field of it cannot be computed."""
    rows = generator.chunk(chunk.place, CHUNK if generator.filters(chunk.where) else chunk.rows, chunk.where)
    count = min(length(rows), chunk.rows)
    stored: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, values in rows.items():
        pack = part.schema[name].kind.pack
        for row, value in zip(stored, values):
            if value is not None:
                row[name] = pack(value)
    failed: dict[int, DataError] = {}
    for one in part.entry.derived:
        for place, value in enumerate(derive(one, part.schema, stored)):
            if isinstance(value, DataError):
                failed.setdefault(place, value)
            else:
                stored[place][one.spec.name] = value
    for place, row in enumerate(stored):
        name = made_id(chunk.title, chunk.stream, chunk.place, place)
        own: dict[str, Any] = {ROW_ID: name, COPY: None, PARENTS: [], ORIGIN: SYNTHETIC}
        yield name, failed.get(place) or part.columns.original(row) | own


def streams_of(entry: Synthesis, generator: Generator, level: Sequence[Any]) -> list[tuple[Any, int]]:
    """Return how many rows an entry makes of each class; of no class, None, where it names no field of them.

    ``level`` are the training records' values of the field whose classes are brought level, where there is one.

    Raises:
        DataError: for a field that has no known classes.
    """
    if entry.level is not None:
        found = Counter(value for value in level if value is not None)
        most = max(found.values(), default=0)
        return [(v, most - n) for v, n in sorted(found.items(), key=lambda kv: str(kv[0])) if most > n]
    total = entry.rows if entry.rows is not None else round(entry.ratio * generator.training["rows"])
    if entry.balance is None:
        return [(None, total)]
    shares = generator.shares(entry.balance.field, entry.balance.shares)
    classes = list(shares)
    places = class_sequence(np.array([shares[value] for value in classes]), total)
    counts = np.bincount(places, minlength=len(classes)).tolist()
    return [(value, n) for value, n in zip(classes, counts, strict=True) if n]


def where_of(entry: Synthesis, value: Any) -> dict[str, Any]:
    """Return the condition that rows of one class of an entry meet; ``value`` None is no class."""
    field = entry.level or (entry.balance.field if entry.balance is not None else None)
    return dict(entry.where) if field is None else {**entry.where, field: value}


@lru_cache(maxsize=1)
def _generator(folder: Path) -> Generator:
    return load(folder)


# -- rows that are held out ------------------------------------------------------------------------------------------


def write_held(index: Index, columns: Columns, collection: str, path: Path) -> None:
    """Keep what the records of a collection's other sides hold: 8 bytes of each one's plain fields, sorted.

    Cost: one pass over these records; 8 bytes of memory for each.
    """
    points: list[np.ndarray] = []
    for span in index.spans:
        if span.collection == collection and span.side not in (None, DEFAULT_SIDE):
            found = (_point(columns, columns.original(item.stored)) for item in index.items(span.start, span.stop))
            points.append(np.fromiter(found, np.uint64))
    with written(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.sort(np.concatenate(points)) if points else np.zeros(0, np.uint64))


@lru_cache(maxsize=8)
def _held(path: Path) -> np.ndarray:
    return np.asarray(np.load(path, mmap_mode="r"))


def _point(columns: Columns, row: Mapping[str, Any]) -> int:
    """Return 8 bytes of the digest of a row's plain fields: what `augury.dataset.audit` compares rows by."""
    plain = {n: plain_value(s, row[n]) for n, s in columns.after.items() if s.role is None}
    return int.from_bytes((fields_digest(plain, sorted(plain)) or b"\0" * 8)[:8], "little")


def _among(point: int, held: np.ndarray) -> bool:
    place = int(np.searchsorted(held, np.uint64(point)))
    return place < len(held) and int(held[place]) == point


def read_chunks(folder: Path, results: Iterable[UnitResult]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of finished chunks."""
    from augury.dataset.write import rows_in

    for result in results:
        yield from rows_in(folder, result.unit)


def said_of(folder: Path, name: str) -> Any:
    """Return what a JSON file of a folder says, or None where there is none."""
    path = folder / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
