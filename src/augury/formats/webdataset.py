"""WebDataset: tar files in which the members of one name make a record, ``0001.jpg`` with ``0001.json``."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, ClassVar

import pyarrow as pa

from augury.errors import DataError, describe, shown
from augury.formats.base import PEEKED_RECORDS, Fields, Format, RawRecord, Writer, check_columns
from augury.formats.beside import ROW_ID, extension, file_stem, plain
from augury.formats.files import Payload, find_files, open_file, short_name
from augury.formats.folder import IMAGES, SOUNDS

TEXTS = ("txt", "text", "transcript", "cls", "cls2", "index", "id")
MOST_BYTES = 1 << 30
"""Greatest size of one member: it is held in memory."""


class WebDataset(Format):
    """Tar files of samples; members whose names agree up to the first dot are one record.

    Columns: the keys of a ``json`` member, and each other member by its extension: ``jpg``, ``seg.png``, ``cls``.
    ``image`` and ``audio`` stand for the one member of such an extension that has no further dot. ``cls``, ``txt`` and
    their like are text (a class number too), the rest bytes. The key is the members' name. Tar files are read as
    streams, one record in memory at a time. Links, devices and members of over 1 GB are refused.

    Written: ``KEY.json`` with all plain columns, and each payload as ``KEY.jpg`` or ``KEY.field.png``.
    """

    shards: ClassVar[str] = "{side}-*.tar"

    def files(self, source: str) -> list[str]:
        """Return the tar file, or the folder's tar files."""
        return find_files(source, (".tar", ".tar.gz"))

    def columns(self, source: str) -> list[str]:
        """Return the columns of the first records."""
        found: dict[str, None] = {}
        for file in self.files(source):
            for _, members in islice(_samples(file, short_name(file, source)), PEEKED_RECORDS):
                found |= dict.fromkeys(_values(members, None))
        return list(found)

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record a sample."""
        for file in self.files(source):
            name = short_name(file, source)
            for number, (key, members) in enumerate(_samples(file, name)):
                where = f"{name} sample {key}"
                if not number:
                    check_columns(name, fields, list(_values(members, None)), [])
                try:
                    values = _values(members, fields)
                except (ValueError, RecursionError) as error:
                    fix = "correct the member"
                    problem = describe("", "members of their extensions' form", shown(str(error)), fix=fix)
                    yield RawRecord(key, {"members": ", ".join(members)}, where, problem)
                    continue
                yield RawRecord(key, values, where)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of ``stem.tar``."""
        return WebDatasetWriter(stem, schema, fields)


class _Ended:
    """A stream that knows whether it ended as a tar file does: tarfile takes one torn between members for whole."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle, self._last = handle, b""

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        data = self._handle.read(size)
        self._last = (self._last + data)[-tarfile.BLOCKSIZE :]
        return data

    def check(self) -> None:
        """Read to the end.

        Raises:
            EOFError: where the last block is not empty.
        """
        while self.read(1 << 20):
            pass
        if self._last.strip(b"\0") or len(self._last) < tarfile.BLOCKSIZE:
            raise EOFError("it ends before its end mark")


def _samples(file: str, name: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield key and members (extension to bytes) of each sample of a tar file; neighbours of one key are one.

    Raises:
        DataError: for damaged files, links and members too large.
    """
    key, members = "", dict[str, bytes]()
    try:
        with open_file(file) as handle:
            whole: Any = _Ended(handle)
            archive = tarfile.open(fileobj=whole, mode="r|")  # noqa: SIM115 (a stream holds nothing open)
            for info in archive:
                if info.isdir():
                    continue
                if not info.isreg() or info.size > MOST_BYTES:
                    got = shown("a link or device" if not info.isreg() else f"{info.size} bytes")
                    fix = "pack the shard again without it"
                    wanted = f"files of at most {MOST_BYTES >> 30} GB"
                    raise DataError(describe(f"{name} member {info.name!r}", wanted, got, fix=fix))
                folder, _, last = info.name.rpartition("/")
                stem, _, ending = last.partition(".")
                if not stem or not ending:
                    continue  # WebDataset's readers pass over hidden files and those without extension
                found = f"{folder}/{stem}" if folder else stem
                if found != key and members:
                    yield key, members
                    members = {}
                key = found
                body = archive.extractfile(info)
                members[ending.lower()] = body.read() if body is not None else b""
            whole.check()
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(describe(name, "a whole tar file", shown(str(error)), fix="fetch it again")) from error
    if members:
        yield key, members


def _values(members: Mapping[str, bytes], fields: Fields | None) -> dict[str, Any]:
    """Return a sample's columns; those of ``fields`` alone where they are given.

    Raises:
        ValueError: for JSON and text that is none.
    """
    out: dict[str, Any] = {}
    if "json" in members:
        found = json.loads(members["json"])
        if not isinstance(found, dict):
            raise ValueError("json holds no object")
        out |= found
    for ending, data in members.items():
        if ending == "json":
            continue
        column = ending if "." not in ending else ending.rsplit(".", 1)[0]
        out[ending] = data.decode("utf-8") if ending in TEXTS else Payload(f"x.{ending}", data)
        wide = _wide(ending)
        if "." in ending:
            out.setdefault(column, out[ending])
        elif wide:
            out.setdefault(wide, out[ending])
    if fields is None:
        return out
    return {name: value for name, value in out.items() if name in fields and value is not None}


def _wide(ending: str) -> str:
    """Return ``image`` or ``audio`` for an extension of either."""
    return "image" if f".{ending}" in IMAGES else "audio" if f".{ending}" in SOUNDS else ""


class WebDatasetWriter(Writer):
    """Writes a tar file whose bytes depend on the rows alone: no times, no owners."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Open ``stem.tar``."""
        super().__init__(stem, schema, fields)
        self._payloads = [n for n in schema.names if n in fields and fields[n].kind.payload]
        self._tar = tarfile.open(self.path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 (closed by close)
        self._rows = 0

    @property
    def path(self) -> Path:
        """``stem.tar``."""
        return self.stem.with_name(self.stem.name + ".tar")

    def write(self, table: pa.Table) -> None:
        """Append rows; a missing value is null."""
        for row in table.to_pylist():
            # A dot would end the key.
            key = re.sub(r"\.", "_", file_stem(str(row.get(ROW_ID) or self._rows)))
            key = f"{self._rows:08d}-{key}"
            for name in self._payloads:
                if row[name] is not None:
                    ending = extension(row[name]["bytes"], row[name]["path"] or "").lower()
                    self._add(f"{key}{_infix(name, ending, self._payloads)}{ending}", row[name]["bytes"])
            kept = {name: value for name, value in row.items() if name not in self._payloads}
            self._add(f"{key}.json", json.dumps(kept, ensure_ascii=False, default=plain).encode())
            self._rows += 1

    def close(self) -> None:
        """Finish the file."""
        self._tar.close()

    def _add(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self._tar.addfile(info, io.BytesIO(data))


def _infix(name: str, ending: str, payloads: Iterable[str]) -> str:
    """Return what stands between key and extension: the field's name, left out where the extension says it."""
    alone = sum(1 for other in payloads if other in ("image", "audio")) == 1
    return "" if name == _wide(ending.lstrip(".")) and alone else f".{name}"
