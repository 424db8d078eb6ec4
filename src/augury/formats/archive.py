"""Archives as sources: a zip or tar file stands for the folder it holds, read in place and judged before."""

from __future__ import annotations

import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import fsspec

from augury.errors import DataError, describe, shown
from augury.formats.files import is_url, leaves

MOST_RATIO = 200
"""Greatest ratio of a member's size to its compressed size; text and pictures stay far below."""

FREE_BYTES = 1 << 20
"""Members up to this size may have any ratio: a megabyte harms nobody."""

MOST_BYTES = 4 << 30
"""Greatest size of one member, unpacked."""

_ARCHIVE = re.compile(r"^(?P<file>.*?\.(?P<kind>zip|tar))(?:/(?P<inner>.*))?$", re.IGNORECASE)


class _Member(NamedTuple):
    """What an archive says of one member."""

    name: str
    size: int
    packed: int
    problem: str = ""


def as_folder(location: str) -> str:
    """Return a source's location; of an archive (``a.zip``, ``a.tar``, ``a.zip/inner``) the URL of the folder in it.

    Raises:
        DataError: for an archive that is damaged, or whose members leave it, are links, or unpack to far more than they
            take.
    """
    found = _ARCHIVE.match(location)
    if found is None or "::" in location or not _is_file(found["file"]):
        return location
    file, kind, inner = found["file"], found["kind"].lower(), found["inner"] or ""
    _judge(file, kind, _stamp(file))
    return f"{kind}://{inner.strip('/')}::{file}"


def is_archive(location: str) -> bool:
    """Whether a location names an archive, or a folder in one, that is there."""
    found = _ARCHIVE.match(location)
    return found is not None and _is_file(found["file"])


def _is_file(file: str) -> bool:
    if not is_url(file):
        return Path(file).is_file()
    fs, path = fsspec.core.url_to_fs(file)
    return bool(fs.isfile(path))


def _stamp(file: str) -> str:
    fs, path = fsspec.core.url_to_fs(file)
    info = fs.info(path)
    return f"{info.get('size')} {info.get('mtime') or info.get('LastModified') or info.get('ETag')}"


@lru_cache(maxsize=32)
def _judge(file: str, kind: str, stamp: str) -> None:
    """Refuse an archive for any of its members; ``stamp`` says whether it was judged before."""
    try:
        with fsspec.open(file, "rb") as handle:
            whole = handle.seek(0, 2)
            handle.seek(0)
            members = list(_zip_members(handle) if kind == "zip" else _tar_members(handle))
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, NotImplementedError) as error:
        fix = "fetch it again"
        raise DataError(describe(file, f"a whole {kind} file", shown(str(error)), fix=fix)) from error
    for member in members:
        problem = member.problem or _problem(member)
        if problem:
            fix = "leave the member out; if you trust it, unpack the archive yourself"
            raise DataError(describe(f"{file} member {member.name!r}", problem, shown("other"), fix=fix))
    if sum(member.packed for member in members) > whole:
        fix = "pack it again"
        raise DataError(describe(file, "members that lie beside each other", shown("overlapping ones"), fix=fix))


def _problem(member: _Member) -> str:
    if leaves(member.name):
        return "a path inside the archive"
    if member.size > MOST_BYTES:
        return f"at most {MOST_BYTES >> 30} GB unpacked"
    if member.size > FREE_BYTES and member.size > MOST_RATIO * max(1, member.packed):
        return f"at most {MOST_RATIO} times its packed size"
    return ""


def _zip_members(handle: object) -> Iterator[_Member]:
    with zipfile.ZipFile(handle) as archive:  # type: ignore[call-overload]
        for info in archive.infolist():
            problem = ""
            if stat.S_ISLNK(info.external_attr >> 16):
                problem = "a file, not a symbolic link"
            elif info.flag_bits & 1:
                problem = "a file without a password"
            yield _Member(info.filename.rstrip("/") or "/", info.file_size, info.compress_size, problem)


def _tar_members(handle: object) -> Iterator[_Member]:
    with tarfile.open(fileobj=handle, mode="r:") as archive:  # type: ignore[call-overload]
        for info in archive:
            problem = "" if info.isreg() or info.isdir() else "a file, not a link or a device"
            size = 0 if info.isdir() else info.size
            yield _Member(info.name.removeprefix("./") or "x", size, size, problem)
