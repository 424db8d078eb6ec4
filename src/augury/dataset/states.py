"""Fitted states on disk: plain values as JSON, arrays beside them, nothing pickled.

A run that is gone on with reads what it had learned instead of learning it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from augury.durable import write_text, written

VALUES, ARRAYS = "states.json", "arrays.npz"

_MARK = "$"
"""The only key of a JSON object that stands for what JSON has no form of: ``{"$": [what, value]}``."""


def save_states(folder: Path, states: Mapping[str, Any]) -> bool:
    """Write states into a folder; the JSON is written last and says that they are whole.

    Returns:
        False, with nothing written, where a state holds other things than plain values, lists, tuples, dicts and
        numpy arrays or scalars without objects.
    """
    arrays: list[np.ndarray] = []
    try:
        values = _packed(dict(states), arrays)
    except TypeError:
        return False
    with written(folder / ARRAYS) as temporary, temporary.open("wb") as file:
        np.savez(file, *arrays)
    write_text(folder / VALUES, json.dumps(values, separators=(",", ":")))
    return True


def load_states(folder: Path) -> dict[str, Any] | None:
    """Return the states of a folder, equal in value and type to those written; None where there are none."""
    if not (folder / VALUES).exists():
        return None
    values = json.loads((folder / VALUES).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        return dict(_unpacked(values, arrays))


def _packed(value: Any, arrays: list[np.ndarray]) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_packed(v, arrays) for v in value]
    if kind is tuple:
        return {_MARK: ["tuple", [_packed(v, arrays) for v in value]]}
    if kind is dict and all(type(key) is str for key in value) and _MARK not in value:
        return {key: _packed(v, arrays) for key, v in value.items()}
    if kind is dict:
        return {_MARK: ["dict", [[_packed(key, arrays), _packed(v, arrays)] for key, v in value.items()]]}
    if (kind is np.ndarray or isinstance(value, np.generic)) and not value.dtype.hasobject:
        arrays.append(np.asarray(value))
        return {_MARK: ["array" if kind is np.ndarray else "scalar", len(arrays) - 1]}
    raise TypeError(f"a {kind.__name__} is no plain value")


def _unpacked(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_unpacked(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if _MARK not in value:
        return {key: _unpacked(v, arrays) for key, v in value.items()}
    what, inner = value[_MARK]
    if what == "tuple":
        return tuple(_unpacked(v, arrays) for v in inner)
    if what == "dict":
        return {_unpacked(key, arrays): _unpacked(v, arrays) for key, v in inner}
    array = arrays[f"arr_{inner}"]
    return array if what == "array" else array[()]
