"""Files of a source: finding them, reading payloads beside them, refusing paths that leave them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

import fsspec

from augury.errors import DataError, EngineError, describe, shown

STAMP = 16
"""Bytes of a file's SHA-256 that tell whether it has changed."""


class Payload(NamedTuple):
    """Encoded bytes of one value (an image, a recording), read only when needed.

    Args:
        name: Its path below the source, or what the source calls it; gives the extension.
        data: The bytes, or None when they lie in a file of their own.
        location: That file's absolute path or URL.
        stamp: The local file's size in bytes and modification time in ns when it was collected, and the start of its
            SHA-256; None where it was not collected from a file.
    """

    name: str
    data: bytes | None = None
    location: str = ""
    stamp: tuple[int, int, bytes] | None = None

    def read(self) -> bytes:
        """Return the encoded bytes.

        Raises:
            DataError: when the file is missing. Other failures to read are the environment's and stay OSError.
            EngineError: when it is another than was collected.
        """
        if self.data is not None:
            return self.data
        try:
            if is_url(self.location):
                with fsspec.open(self.location, "rb") as file:
                    return bytes(file.read())
            with open(self.location, "rb") as file:
                data = file.read()
                if self.stamp is not None:
                    self._check(data, os.fstat(file.fileno()))
                return data
        except (FileNotFoundError, IsADirectoryError) as error:
            fix = "restore the file or drop the record"
            raise DataError(describe(self.name, "a file", shown("none there"), fix=fix)) from error

    def stamped(self, data: bytes) -> Payload:
        """Return the payload with what its file is like now; ``data`` is what it holds."""
        if self.data is not None or is_url(self.location):
            return self
        status = os.stat(self.location)
        return self._replace(stamp=(status.st_size, status.st_mtime_ns, sha256(data).digest()[:STAMP]))

    @property
    def digest(self) -> bytes:
        """What its bytes count as where contents are compared: the start of their SHA-256."""
        return self.stamp[2] if self.stamp is not None else sha256(self.read()).digest()[:STAMP]

    def _check(self, data: bytes, now: os.stat_result) -> None:
        """Refuse a file that has changed: the stamp tells at no cost, the hash only where the stamp differs."""
        assert self.stamp is not None
        size, modified, start = self.stamp
        if (now.st_size, now.st_mtime_ns) != (size, modified) and sha256(data).digest()[:STAMP] != start:
            fix = "restore it, or run with --fresh"
            raise EngineError(describe(self.name, "the file that was collected", shown("another content"), fix=fix))


def is_url(source: str) -> bool:
    """Whether a source is an fsspec URL and not a local path."""
    return "://" in source or "::" in source


def find_files(source: str, extensions: Sequence[str]) -> list[str]:
    """Return the files that a path, a folder or a glob names, sorted by name.

    Raises:
        DataError: when there is none.
    """
    fs, path = fsspec.core.url_to_fs(source)
    if fs.isfile(path):
        found = [path]
    elif fs.isdir(path):
        found = [p for p in fs.find(path) if p.endswith(tuple(extensions))]
    else:
        found = [p for p in fs.glob(path) if fs.isfile(p)] if any(c in path for c in "*?[") else []
    if not found:
        wanted = f"a file, or a folder of {' or '.join(extensions)} files"
        raise DataError(describe(source, wanted, shown("nothing there"), fix="correct path: (relative to the recipe)"))
    return [fs.unstrip_protocol(p) if is_url(source) else p for p in sorted(found)]


def short_name(file: str, source: str) -> str:
    """Return a file's name for messages: below the source where it is a folder, else its last part."""
    base = source.rstrip("/") + "/"
    return file[len(base) :] if file.startswith(base) else file.rsplit("/", 1)[-1]


@contextmanager
def open_file(file: str) -> Iterator[IO[bytes]]:
    """Open a file or URL for reading bytes, decompressing by its extension.

    Raises:
        DataError: when it is missing or may not be read.
    """
    try:
        handle: Any = fsspec.open(file, "rb", compression="infer").open()
    except (FileNotFoundError, PermissionError) as error:
        raise DataError(describe(file, "a readable file", error, fix="correct path: or its permissions")) from error
    with handle:
        yield handle


def join_inside(base: str, name: str, where: str) -> str:
    """Return the location of ``name`` below the folder ``base``.

    Raises:
        DataError: when the path is absolute, a URL, climbs out with ``..`` or leaves through a symbolic link.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    refused = not parts or parts[0] == "/" or ".." in parts or is_url(name) or ":" in parts[0] or "\0" in name
    location = f"{base.rstrip('/')}/{'/'.join(parts)}"
    if not refused and not is_url(base):
        real_base = os.path.realpath(base)
        refused = os.path.commonpath([real_base, os.path.realpath(location)]) != real_base
    if refused:
        fix = "copy the file into the source's folder and name it relative to that"
        raise DataError(describe(where, "a path inside the source's folder", name, fix=fix))
    return location


def as_payload(value: Any, base: str, where: str) -> Payload | None:
    """Return what a source holds for a payload field: bytes, a path below ``base``, or ``{bytes, path}``.

    Raises:
        DataError: for anything else, and for paths that leave ``base``.
    """
    if value is None or isinstance(value, Payload):
        return value
    if isinstance(value, bytes):
        return Payload("", value)
    if isinstance(value, str) and value:
        return Payload(value, None, join_inside(base, value, where))
    if isinstance(value, dict) and (value.get("bytes") is not None or value.get("path")):
        if value.get("bytes") is not None:
            return Payload(Path(value.get("path") or "").name, value["bytes"])
        return as_payload(value["path"], base, where)
    raise DataError(
        describe(where, "bytes, a path or {bytes, path}", value, fix="give the file's path below the source")
    )


def parent(file: str) -> str:
    """Return the folder of a file or URL."""
    return file.rsplit("/", 1)[0] if "/" in file else "."
