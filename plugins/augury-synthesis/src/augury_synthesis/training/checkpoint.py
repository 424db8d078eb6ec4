"""Checkpoints: parameters, averages, best so far and optimizer tensors; everything else is JSON, and no random state.

Each stands in a folder of its own, renamed when complete; the one before is removed only then.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from augury.errors import DataError, describe, shown
from augury_synthesis import storage

PREFIX = "step-"
KIND = "checkpoint"


def save(folder: Path, step: int, head: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint and remove the older ones.

    Raises:
        EngineError: when the disk refuses; the older one stays.
    """
    place = folder / f"{PREFIX}{step:09d}"
    if not place.exists():
        arrays = {k: v.detach().cpu().numpy() for k, v in tensors.items()}
        storage.save(place, KIND, {**head, "step": step}, arrays)
    for old in _all(folder):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)


def load(folder: Path, fit: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Return the newest checkpoint of a folder, or None where there is none.

    Raises:
        DataError: when it belongs to another fit, naming the first difference.
    """
    found = _all(folder)
    if not found:
        return None
    head, tensors = storage.load(found[-1], KIND)
    for name, value in fit.items():
        if head["fit"].get(name) != value:
            got = shown(f"one of another {name}")
            fix = "give another folder, or remove this one"
            raise DataError(describe(str(folder), "a checkpoint of this fit", got, fix=fix))
    return head, tensors


def _all(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob(PREFIX + "*") if (p / storage.META).is_file()) if folder.is_dir() else []


def optimizer_tensors(name: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimizer's tensors by name."""
    state = optimizer.state_dict()["state"]
    return {f"optimizer/{name}/{i}/{k}": v for i, kept in state.items() for k, v in kept.items()}


def restore_optimizer(name: str, optimizer: torch.optim.Optimizer, tensors: Mapping[str, np.ndarray]) -> None:
    """Put an optimizer's tensors back."""
    start = f"optimizer/{name}/"
    state: dict[int, dict[str, Tensor]] = {}
    for full, array in tensors.items():
        if full.startswith(start):
            index, key = full.removeprefix(start).split("/")
            state.setdefault(int(index), {})[key] = torch.from_numpy(array.copy())
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
