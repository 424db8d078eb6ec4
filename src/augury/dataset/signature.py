"""The signature of sources: names, sizes and times of their files, cheap to take, by which a change is noticed."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

from augury.dataset.collect import file_hash, open_source
from augury.errors import DataError
from augury.formats.files import is_url, short_name
from augury.recipe.model import Recipe
from augury.values import canonical_bytes


def signatures(recipe: Recipe) -> dict[str, Any]:
    """Return collection to the signature of its source. What cannot be looked at is found out when it is read."""
    return {source.collection: _signature(recipe, source) for source in recipe.collect}


def _signature(recipe: Recipe, source: Any) -> Any:
    try:
        reader, path = open_source(recipe, source)
        files = reader.files(path)
    except DataError:
        return None
    if is_url(path):
        return _hash([_remote(file) for file in files])
    listed = sorted(_walk(Path(path))) if Path(path).is_dir() else [_local(Path(f), f) for f in files]
    return _hash(listed)


def _hash(listed: Any) -> str:
    return blake2b(canonical_bytes(listed), digest_size=16).hexdigest()


def _walk(folder: Path) -> Any:
    for base, _, names in os.walk(folder):
        for name in names:
            path = Path(base) / name
            yield _local(path, path.relative_to(folder).as_posix())


def _local(path: Path, name: str) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:
        return os.fsdecode(os.fsencode(name)), -1, -1
    return name, status.st_size, status.st_mtime_ns


def _remote(url: str) -> list[str]:
    import fsspec

    fs, path = fsspec.core.url_to_fs(url)
    facts = fs.info(path)
    return [url, *(str(facts.get(key)) for key in ("size", "mtime", "ETag", "etag", "LastModified"))]


def hashes(reader: Any, path: str) -> Any:
    """Yield (name, SHA-256 as hex) of every file of a source, those that its records name beside it included."""
    files = reader.files(path)
    if not is_url(path) and Path(path).is_dir():
        files = [str(p) for p in sorted(Path(path).rglob("*")) if p.is_file()]
    for file in files:
        yield short_name(file, path), file_hash(file)
