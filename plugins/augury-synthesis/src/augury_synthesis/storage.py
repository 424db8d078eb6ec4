"""Saved models: a folder of ``model.json`` and ``arrays.safetensors``, complete or absent; nothing of it is run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from augury.errors import DataError, EngineError, describe, shown
from augury.synthesis import complete

META = "model.json"
ARRAYS = "arrays.safetensors"


def save(folder: Path, synthesizer: str, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a model's JSON values and arrays.

    Raises:
        EngineError: when the disk refuses; nothing is left behind.
    """
    with complete(folder) as partial:
        try:
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, partial / ARRAYS)
        except SafetensorError as error:  # its own error for a full disk
            fix = "make room, and save it again"
            raise EngineError(describe(str(folder), "a disk that takes it", shown(str(error)), fix=fix)) from error
        text = json.dumps({"synthesizer": synthesizer, "format": 1, **meta}, indent=1)
        (partial / META).write_text(text + "\n", encoding="utf-8")


def load(folder: Path, synthesizer: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what `save` wrote.

    Raises:
        DataError: when there is no such model, a damaged one, or one of another synthesizer.
    """
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        arrays = load_file(folder / ARRAYS)
        found = meta["synthesizer"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        fix = "fit it again, or name a folder that a model was saved in"
        raise DataError(describe(str(folder), "a saved model", shown(str(error)), fix=fix)) from error
    if found != synthesizer or meta.get("format") != 1:
        raise DataError(describe(str(folder), f"a model of {synthesizer}", found, fix="load it as that"))
    return meta, arrays
