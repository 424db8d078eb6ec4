"""Payloads that text formats write as files beside their shard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from augury.formats.base import Fields

ROW_ID = "augury_id"

_MAGIC = (
    (b"\x89PNG", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"BM", ".bmp"),
    (b"fLaC", ".flac"),
    (b"OggS", ".ogg"),
    (b"ID3", ".mp3"),
    (b"\xff\xfb", ".mp3"),
)


def extension(data: bytes, name: str) -> str:
    """Return the extension that the bytes are known by, else the name's own."""
    if data[:4] == b"RIFF":
        return ".webp" if data[8:12] == b"WEBP" else ".wav"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return ".avif"
    return next((ext for magic, ext in _MAGIC if data.startswith(magic)), Path(name).suffix[:10] or ".bin")


def file_stem(row_id: str) -> str:
    """Return a file name for a row id: readable, safe on every system, and different for different ids."""
    readable = re.sub(r"[^A-Za-z0-9_.@-]+", "-", row_id.rsplit("/", 1)[-1]).strip(".-")[:60]
    return f"{readable}-{blake2b(row_id.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest()}"


class PayloadFolder:
    """The folder ``name`` below ``base`` that a shard's payloads are written to; made when first needed."""

    def __init__(self, base: Path, name: str) -> None:
        """Write below ``base/name``; paths are given relative to ``base``."""
        self.base, self.name = base, name

    def put(self, row_id: str, field: str, payload: Mapping[str, Any]) -> str:
        """Write one payload and return its path relative to the base folder."""
        data = payload["bytes"]
        file = f"{file_stem(row_id)}-{field}{extension(data, payload['path'] or '')}"
        folder = self.base / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
        return f"{self.name}/{file}" if self.name else file

    def replace(self, row: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        """Return the row without missing values, its payloads written and named by their paths."""
        out = {}
        for name, value in row.items():
            if value is not None:
                spec = fields.get(name)
                out[name] = self.put(row[ROW_ID], name, value) if spec is not None and spec.kind.payload else value
        return out


def plain(value: Any) -> Any:
    """Return what JSON has no type for as text: dates in ISO 8601."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"no JSON for a {type(value).__name__}")
