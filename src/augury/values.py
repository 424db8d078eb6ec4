"""Canonical bytes of plain values: the ground of row digests and the content hash.

A value is a type tag, then little-endian bytes; containers are counted, mappings sorted by key. All NaN are one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any

_COUNT = Struct("<Q").pack
_WIDTH = Struct("<I").pack
_DOUBLE = Struct("<d").pack
_NAN = _DOUBLE(float("nan"))


def canonical_bytes(value: Any) -> bytes:
    """Return bytes that are equal exactly for equal plain values.

    Takes None, bool, int, float, str, bytes, dates and times (by ISO text), lists, tuples, mappings, and numpy
    scalars and arrays. Integers and floats are told apart, lists and tuples are not.

    Raises:
        TypeError: for any other type.
    """
    make = _BY_TYPE.get(type(value))
    return make(value) if make is not None else _of_subclass(value)


def rows_bytes(columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """Return the canonical bytes of rows given by columns: of each row the mapping of what is not None.

    What `canonical_bytes` gives for each, some five times as fast.
    """
    if not columns:
        return []
    names = sorted(columns)
    parts = [_column_bytes(_of_text(name), columns[name]) for name in names]
    if any(None in columns[name] for name in names):
        there = ([part for part in row if part] for row in zip(*parts, strict=True))
        return [b"m" + _COUNT(len(row)) + b"".join(row) for row in there]
    head = b"m" + _COUNT(len(names))
    return [head + b"".join(row) for row in zip(*parts, strict=True)]


def _column_bytes(name: bytes, values: Sequence[Any]) -> list[bytes]:
    """Return ``name`` with the bytes of each value after it; nothing for None."""
    types = set(map(type, values))
    if types <= {str, type(None)}:
        known: dict[Any, bytes] = {value: name + _of_text(value) for value in set(values) if value is not None}
        known[None] = b""
        return [known[value] for value in values]
    if types <= {float, type(None)}:
        head = name + b"d"
        return [b"" if v is None else head + (_DOUBLE(v) if v == v else _NAN) for v in values]
    if types <= {bytes, type(None)}:
        head = name + b"b"
        return [b"" if v is None else b"".join((head, _COUNT(len(v)), v)) for v in values]
    return [b"" if v is None else name + canonical_bytes(v) for v in values]


def _of_int(value: int) -> bytes:
    size = max(8, (value.bit_length() + 8) // 8)
    return b"i" + _WIDTH(size) + value.to_bytes(size, "little", signed=True)


def _of_float(value: float) -> bytes:
    return b"d" + (_DOUBLE(value) if value == value else _NAN)


def _of_text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"s" + _COUNT(len(data)) + data


def _of_data(value: bytes | bytearray | memoryview) -> bytes:
    data = bytes(value)
    return b"b" + _COUNT(len(data)) + data


def _of_list(value: list[Any] | tuple[Any, ...]) -> bytes:
    return b"l" + _COUNT(len(value)) + b"".join(map(canonical_bytes, value))


def _of_mapping(value: Mapping[Any, Any]) -> bytes:
    items = (_of_text(str(key)) + canonical_bytes(value[key]) for key in sorted(value))
    return b"m" + _COUNT(len(value)) + b"".join(items)


_BY_TYPE: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda value: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: _of_int,
    float: _of_float,
    str: _of_text,
    bytes: _of_data,
    bytearray: _of_data,
    memoryview: _of_data,
    list: _of_list,
    tuple: _of_list,
    dict: _of_mapping,
}


def _of_subclass(value: Any) -> bytes:
    """Named tuples, enums, mappings of other classes, dates, numpy values."""
    if isinstance(value, Mapping):
        return _of_mapping(value)
    for base in (bool, int, float, str, bytes, list, tuple):
        if isinstance(value, base):
            return _BY_TYPE[base](value)
    if hasattr(value, "isoformat"):
        return b"t" + _of_text(value.isoformat())
    return _of_array(value)


def _of_array(value: Any) -> bytes:
    import numpy as np

    if isinstance(value, np.generic):
        return canonical_bytes(value.item())
    if not isinstance(value, np.ndarray):
        raise TypeError(f"no canonical bytes for a {type(value).__name__}")
    if value.dtype == object:
        return canonical_bytes(value.tolist())
    array = np.ascontiguousarray(value.astype(value.dtype.newbyteorder("<"), copy=False))
    if array.dtype.kind == "f" and np.isnan(array).any():
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return b"a" + _of_text(f"{array.dtype.str}{array.shape}") + array.tobytes()
