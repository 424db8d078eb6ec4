"""What annotation formats share: where images lie, the side a name says, and a writer that keeps every row whole.

An annotation file holds what its format knows. Beside it the writer puts ``augury.parquet``, which holds every column
of every row, exactly: numbers that an annotation file rounds, and where each row comes from.
"""

from __future__ import annotations

import re
import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats import Fields, Format, Payload, Writer
from augury.formats.beside import ROW_ID, extension, file_stem
from augury.formats.files import as_payload, is_url, join_inside, joined, open_location
from augury.kinds import Kind
from augury.record import FieldSpec
from augury_image.codec import EXTENSIONS, size_of
from augury_image.kinds.boxes import Boxes
from augury_image.kinds.instances import Instance, Instances, InstancesKind
from augury_image.kinds.oriented import OrientedBoxes
from augury_image.kinds.polygons import Polygons

IMAGE, INSTANCES, SIDE = "image", "instances", "side"
ROWS = "augury"
_PLEDGE = b"augury_annotations_sha256"
_SIDES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_COPY = "augury_copy"

IMAGE_FIELD: Mapping[str, Any] = {"kind": "image"}
SIDE_FIELD: Mapping[str, Any] = {"kind": "category", "role": "meta"}


def side_of(*names: str) -> str | None:
    """Return the side that the first of some file or folder names says (``val2017``, ``instances_train``), or None."""
    for name in names:
        for word in re.split(r"[^a-z]+", name.lower()):
            if word in _SIDES:
                return _SIDES[word]
    return None


class Tree:
    """The files of a source folder, local or by URL."""

    def __init__(self, source: str, wanted: str) -> None:
        """Look at the folder ``source``.

        Raises:
            DataError: when there is none; ``wanted`` says what was looked for.
        """
        self.source = source
        self.fs, root = fsspec.core.url_to_fs(source)
        self.root = root.rstrip("/")
        if not self.fs.isdir(self.root):
            fix = "correct path: (relative to the recipe)"
            raise DataError(describe(source, wanted, shown("no folder there"), fix=fix))

    def glob(self, pattern: str) -> list[str]:
        """Return the files of a pattern, relative to the folder, sorted."""
        found = (path for path in self.fs.glob(self.path(pattern)) if self.fs.isfile(path))
        return sorted(self.name_of(path) for path in found)

    def path(self, name: str) -> str:
        """Return a name's path in the file system; "" is the folder itself."""
        return "/".join(part for part in (self.root, name) if part) if self.root else name

    def name_of(self, path: str) -> str:
        """Return a path of the file system relative to the folder."""
        return path[len(self.root) :].lstrip("/")

    def images(self, folder: str) -> dict[str, str]:
        """Return stem to file of the images below a folder, relative to the source; stems relative to ``folder``."""
        start = self.path(folder).rstrip("/")
        out: dict[str, str] = {}
        if not self.fs.isdir(start):
            return out
        for path in sorted(self.fs.find(start)):
            if path.lower().endswith(EXTENSIONS):
                out.setdefault(path[len(start) :].lstrip("/").rsplit(".", 1)[0], self.name_of(path))
        return out

    def isfile(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return bool(self.fs.isfile(self.path(name)))

    def read(self, name: str) -> bytes:
        """Return a file's bytes; a name that leaves the folder is refused."""
        return self.payload(name, name).read()

    def size(self, name: str) -> tuple[int, int]:
        """Return an image's width and height, upright; of the file the header alone is read."""
        try:
            with open_location(join_inside(self.source, name, name)) as file:
                return size_of(file)
        except FileNotFoundError as error:
            fix = "restore the file"
            raise DataError(describe(name, "a file", shown("none there"), fix=fix)) from error

    def payload(self, name: str, where: str) -> Payload:
        """Return a file of the folder, to be read when needed.

        Raises:
            DataError: for a name that leaves the folder.
        """
        return Payload(name, None, join_inside(self.source, name, where))

    def location(self, name: str) -> str:
        """Return a file's path or URL."""
        return joined(self.source, name)


class AnnotatedFormat(Format):
    """Base of the annotation formats."""

    shards: ClassVar[str] = "{side}-*/augury.parquet"

    def check_fields(self, fields: Fields) -> None:
        """Refuse fields without an image.

        Raises:
            RecipeError: as said.
        """
        if _first(fields, (IMAGE,)) is None:
            fix = "write parquet, jsonl or csv"
            where, got = f"write.format: {self.entry_id}", ", ".join(fields)
            raise RecipeError(describe(where, "a field of kind image", shown(got), fix=fix))

    def read_table(self, path: Path, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
        """Yield the rows that stand in ``augury.parquet`` beside the annotations.

        Raises:
            DataError: when the annotations beside are not those that were written.
        """
        with pq.ParquetFile(path) as reader:
            pledged = (reader.schema_arrow.metadata or reader.metadata.metadata or {}).get(_PLEDGE)
            pledged = pledged or (reader.metadata.metadata or {}).get(_PLEDGE)
            if pledged is not None and pledged.decode() != _annotations_hash(path.parent):
                got = shown("others")
                fix = "restore them, or run again"
                raise DataError(describe(path.parent.name, "the annotations that were written", got, fix=fix))
            for batch in reader.iter_batches(batch_size=64, use_threads=False):
                yield pa.Table.from_pylist([_restored(r, path.parent, fields) for r in batch.to_pylist()], schema)


def _restored(row: dict[str, Any], folder: Path, fields: Fields) -> dict[str, Any]:
    for name, spec in fields.items():
        if spec.kind.payload and row.get(name) is not None:
            payload = as_payload(row[name], str(folder), row[name])
            assert payload is not None
            row[name] = {"bytes": payload.read(), "path": Path(payload.name).name}
    return row


def _annotations_hash(folder: Path) -> str:
    """Return one hash of the files that are neither payloads nor the rows: the annotations."""
    total = sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.suffix in (".json", ".txt", ".xml", ".yaml"):
            total.update(f"{name}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    total.update(piece)
    return total.hexdigest()


class AnnotatedWriter(Writer):
    """Writes a folder: images, annotations, and ``augury.parquet`` with every row."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Make the folder ``stem``."""
        super().__init__(stem, schema, fields)
        present = {name: spec for name, spec in fields.items() if name in schema.names}
        image = _first(present, (IMAGE,))
        self.instances = _first(present, ("instances", "boxes", "polygons", "oriented_boxes"))
        if image is None:
            raise RecipeError(describe("write", "a field of kind image", shown("none"), fix="write parquet"))
        self.image = image.name
        kind = self.instances.kind if self.instances is not None else None
        self.kind = kind if isinstance(kind, InstancesKind) else InstancesKind(outline=_outline_of(kind))
        # What a killed run left of the shard is made anew.
        shutil.rmtree(stem, ignore_errors=True)
        stem.mkdir(parents=True)
        self._payloads = {name for name, spec in present.items() if spec.kind.payload}
        kept = [pa.field(f.name, pa.string() if f.name in self._payloads else f.type) for f in schema]
        self._table = pa.schema(kept)
        self._rows = pq.ParquetWriter(self.path, self._table, compression="zstd")
        self._names: set[str] = set()

    @property
    def path(self) -> Path:
        """``stem/augury.parquet``."""
        return self.stem / f"{ROWS}.parquet"

    @property
    def side(self) -> str:
        """The side the shard is of, by its name."""
        return self.stem.name.split("-")[0]

    def write(self, table: pa.Table) -> None:
        """Append rows: their files, their annotations, and themselves."""
        rows = []
        for row in table.to_pylist():
            files = self._put(row)
            rows.append({name: files.get(name) if name in self._payloads else row[name] for name in self._table.names})
            if row[self.image] is not None:
                self.annotate(row, files[self.image], *size_of(row[self.image]["bytes"]), self._items(row))
        self._rows.write_table(pa.Table.from_pylist(rows, schema=self._table))

    @abstractmethod
    def annotate(self, row: Mapping[str, Any], file: str, width: int, height: int, items: Instances) -> None:
        """Write the annotations of one row, whose image is ``file`` (relative to the shard) of a size in pixels."""

    def finish(self) -> None:
        """Write what stands for the whole shard."""

    def close(self) -> None:
        """Finish the annotations, then the rows, which hold the annotations' hash."""
        self.finish()
        self._rows.add_key_value_metadata({_PLEDGE.decode(): _annotations_hash(self.stem)})
        self._rows.close()

    def folder_of(self, field: str) -> str:
        """Return the folder a payload field's files go to."""
        return "images" if field == self.image else field

    def _put(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Write a row's files; readers find what belongs to an image by the image's name."""
        payloads = {name: row[name] for name in self._table.names if name in self._payloads and row[name] is not None}
        leading = payloads.get(self.image) or next(iter(payloads.values()), None)
        if leading is None:
            return {}
        stem = self._stem(str(row.get(ROW_ID) or len(self._names)), leading["path"] or "", row.get(_COPY) is None)
        out = {}
        for name, payload in payloads.items():
            path = self.stem / self.folder_of(name) / (stem + extension(payload["bytes"], payload["path"] or ""))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(payload["bytes"])
            out[name] = path.relative_to(self.stem).as_posix()
        return out

    def _stem(self, row_id: str, given: str, original: bool) -> str:
        """Return the file's own name for an original where it is free, else one made of the row's id."""
        own = re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9_.@-]*)\.[A-Za-z0-9]+", given)
        stem = own[1] if original and own else file_stem(row_id)
        stem = file_stem(row_id) if stem.lower() in self._names else stem
        self._names.add(stem.lower())
        return stem

    def _items(self, row: Mapping[str, Any]) -> Instances:
        if self.instances is None or row[self.instances.name] is None:
            return Instances(())
        return as_instances(self.instances.kind.unpack(row[self.instances.name]))


def _first(fields: Fields, kinds: Iterable[str]) -> FieldSpec | None:
    return next((spec for wanted in kinds for spec in fields.values() if spec.kind_id == wanted), None)


def _outline_of(kind: Kind | None) -> Any:
    return {"polygons": "polygon", "oriented_boxes": "oriented"}.get(kind.entry_id if kind is not None else "", "box")


def as_instances(value: Any) -> Instances:
    """Return boxes, turned boxes or outlines as objects."""
    if isinstance(value, Instances):
        return value
    if isinstance(value, Boxes):
        pairs = zip(value.labels, value.xyxy.tolist(), strict=True)
        return Instances(tuple(Instance(label, tuple(box)) for label, box in pairs))
    objects = [(quad,) for quad in value.corners()] if isinstance(value, OrientedBoxes) else value.objects
    assert isinstance(value, OrientedBoxes | Polygons)
    items = []
    for label, rings in zip(value.labels, objects, strict=True):
        points = [point for ring in rings for point in ring.tolist()]
        xs, ys = zip(*points, strict=True)
        flat = tuple(tuple(ring.ravel().tolist()) for ring in rings)
        items.append(Instance(label, (min(xs), min(ys), max(xs), max(ys)), flat))
    return Instances(tuple(items))


def number_of(*parts: Any) -> int:
    """Return a positive number that is the same for the same parts, and far from those that people count up to.

    In [2**52, 2**53): a whole number in every JSON reader.
    """
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return 2**52 + int.from_bytes(blake2b(text, digest_size=8).digest()) % 2**52


def source_is_file(source: str, suffix: str) -> bool:
    """Whether a source names a file of some kind, and not a folder."""
    return source.lower().endswith(suffix) and (is_url(source) or Path(source).is_file())
