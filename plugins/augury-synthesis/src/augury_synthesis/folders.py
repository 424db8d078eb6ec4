"""Folders of tensors and JSON: written beside their name and renamed when complete, so whole or absent."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from augury.errors import DataError, EngineError, describe, shown

HEAD = "model.json"
TENSORS = "tensors.safetensors"


class Folder(NamedTuple):
    """What a folder holds: JSON values and arrays by name."""

    head: dict[str, Any]
    tensors: dict[str, np.ndarray]


def write(folder: Path, head: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Write a folder that does not exist: complete, or not at all.

    Raises:
        EngineError: when it exists, or the disk refuses; what was begun is removed.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    if folder.exists():
        got = shown("one that exists")
        raise EngineError(describe(str(folder), "a new folder", got, fix="remove it, or give another name"))
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, partial / TENSORS)
        (partial / HEAD).write_text(json.dumps(head, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        for path in partial.iterdir():
            _flush(path)
        partial.rename(folder)
        _flush(folder.parent)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        fix = "free some space or give another place; nothing was left half-written"
        raise EngineError(describe(str(folder), "a place to write to", shown(str(error)), fix=fix)) from error


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(folder: Path) -> Folder:
    """Return what `write` wrote.

    Raises:
        DataError: when the folder holds none, or a damaged one.
    """
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS)
    except FileNotFoundError as error:
        fix = "give the folder that a model was saved in"
        raise DataError(describe(str(folder), "a saved model", shown("nothing of the kind"), fix=fix)) from error
    except (OSError, ValueError, SafetensorError) as error:
        fix = "copy it again, or fit it again"
        raise DataError(describe(str(folder), "an undamaged model", shown(str(error)), fix=fix)) from error
    if not isinstance(head, dict):
        got = shown(type(head).__name__)
        raise DataError(describe(str(folder / HEAD), "a JSON object", got, fix="copy it again, or fit it again"))
    return Folder(head, tensors)
