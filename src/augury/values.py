"""Canonical bytes of plain values: the ground of row digests and the content hash.

A value is a type tag, then little-endian bytes; containers are counted, mappings sorted by key. All NaN are one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any


def canonical_bytes(value: Any) -> bytes:
    """Return bytes that are equal exactly for equal plain values.

    Takes None, bool, int, float, str, bytes, dates and times (by ISO text), lists, tuples, mappings, and numpy
    scalars and arrays. Integers and floats are told apart, lists and tuples are not.

    Raises:
        TypeError: for any other type.
    """
    out: list[bytes] = []
    _write(value, out)
    return b"".join(out)


def _write(value: Any, out: list[bytes]) -> None:
    if value is None:
        out.append(b"N")
    elif isinstance(value, bool):
        out.append(b"T" if value else b"F")
    elif isinstance(value, int):
        size = max(8, (value.bit_length() + 8) // 8)
        out.append(b"i" + struct.pack("<I", size) + value.to_bytes(size, "little", signed=True))
    elif isinstance(value, float):
        out.append(b"d" + struct.pack("<d", value if value == value else float("nan")))
    elif isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        out.append(b"s" + struct.pack("<Q", len(data)) + data)
    elif isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        out.append(b"b" + struct.pack("<Q", len(data)) + data)
    elif isinstance(value, list | tuple):
        out.append(b"l" + struct.pack("<Q", len(value)))
        for item in value:
            _write(item, out)
    elif isinstance(value, Mapping):
        out.append(b"m" + struct.pack("<Q", len(value)))
        for key in sorted(value):
            _write(str(key), out)
            _write(value[key], out)
    elif hasattr(value, "isoformat"):
        out.append(b"t")
        _write(value.isoformat(), out)
    else:
        _write_array(value, out)


def _write_array(value: Any, out: list[bytes]) -> None:
    import numpy as np

    if isinstance(value, np.generic):
        _write(value.item(), out)
        return
    if not isinstance(value, np.ndarray):
        raise TypeError(f"no canonical bytes for a {type(value).__name__}")
    if value.dtype == object:
        _write(value.tolist(), out)
        return
    array = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
    if array.dtype.kind == "f" and np.isnan(array).any():
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    out.append(b"a")
    _write(f"{array.dtype.str}{array.shape}", out)
    out.append(array.tobytes())
