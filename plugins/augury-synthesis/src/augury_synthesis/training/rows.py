"""Training rows: in an order that does not depend on how they came, parted, and read batch by batch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from augury.errors import DataError, describe, shown
from augury.rng import generator
from augury.synthesis import Batch, Block, TensorSpec
from augury_synthesis.noise import key

CHECKED = 65_536
"""Rows that are looked at together while checking and hashing, so that mapped files are never read whole."""


class Rows:
    """The rows of a fit, and the share that only validates.

    Both are functions of the set of rows and the seed: rows are ordered by a hash of their content, then drawn.

    Args:
        train: Tensors of equal length; may be memory-mapped.
        spec: What they are.
        seed: Of the fit.
        validate_share: Share of the rows kept back.
        device: Where batches go.
    """

    def __init__(
        self, train: Batch, spec: TensorSpec, *, seed: int, validate_share: float, device: torch.device
    ) -> None:
        """Check, order and part the rows."""
        self._arrays = {name: np.asarray(train[name]) if name in train else None for name in _names(spec)}
        self._seed, self._device = seed, device
        count = _check(self._arrays, spec)
        hashes = _hashes(self._arrays, count, seed)
        order = np.argsort(hashes, kind="stable")[generator(key(seed, "split")).permutation(count)]
        cut = round(count * validate_share)
        self.validation = order[:cut] if cut else order
        self.training = order[cut:]
        self.digest = f"{int(np.bitwise_xor.reduce(hashes)):016x}-{int(hashes.sum(dtype=np.uint64)):016x}"

    def take(self, index: np.ndarray) -> dict[str, Tensor]:
        """Return rows by their place in the arrays, on the device; pinned on the way where it is CUDA."""
        out = {}
        for name, array in self._arrays.items():
            assert array is not None
            tensor = torch.from_numpy(np.ascontiguousarray(array[index]))
            if self._device.type == "cuda":
                tensor = tensor.pin_memory()
            out[name] = tensor.to(self._device, non_blocking=True)
        return out

    def batch(self, number: int, size: int) -> dict[str, Tensor]:
        """Return training batch ``number``: every epoch passes each row once, in a new order."""
        size = min(size, len(self.training))
        epoch, place = divmod(number, len(self.training) // size)
        return self.take(self._permuted(epoch)[place * size : (place + 1) * size])

    @lru_cache(maxsize=1)  # noqa: B019 - one entry, and the rows live as long as their fit
    def _permuted(self, epoch: int) -> np.ndarray:
        return self.training[generator(key(self._seed, "epoch", epoch)).permutation(len(self.training))]

    def column(self, name: str) -> np.ndarray:
        """Return a block of the training rows, in the order of `training`."""
        array = self._arrays[name]
        assert array is not None
        return array[self.training]


def _names(spec: TensorSpec) -> list[str]:
    return [name for b in spec.blocks for name in ([b.name, b.name + "?"] if b.masked else [b.name])]


def _check(arrays: dict[str, np.ndarray | None], spec: TensorSpec) -> int:
    lengths = {}
    for name, array in arrays.items():
        if array is None:
            raise DataError(describe(f"block {name}", "an array of the batch", shown("none"), fix="encode it too"))
        lengths[name] = len(array)
    count = next(iter(lengths.values()), 0)
    if len(set(lengths.values())) > 1:
        raise DataError(describe("training rows", "blocks of one length", lengths, fix="encode the same rows"))
    if count < 2:
        raise DataError(describe("training rows", "at least 2 rows", count, fix="give more rows"))
    for block in spec.blocks:
        array = arrays[block.name]
        assert array is not None
        if array.shape[1:] != block.shape:
            got = shown(str(array.shape[1:]))
            raise DataError(describe(f"block {block.name}", f"shape {block.shape} a row", got, fix="encode it again"))
        for start in range(0, count, CHECKED):
            _check_values(array[start : start + CHECKED], block)
    _check_ends(arrays, spec, count)
    return count


def _check_ends(arrays: dict[str, np.ndarray | None], spec: TensorSpec, count: int) -> None:
    """Refuse sequences whose masked blocks do not end together, or go on after their end."""
    names = [b.name + "?" for b in spec.blocks if b.axes == "t" and b.masked]
    for start in range(0, count if names else 0, CHECKED):
        masks = [np.asarray(arrays[name])[start : start + CHECKED] > 0 for name in names]
        flat = [mask.reshape(*mask.shape[:2], -1) for mask in masks]
        first = flat[0][..., :1]
        for name, mask in zip(names, flat, strict=True):
            if (mask != first).any() or (mask[:, 1:] & ~mask[:, :-1]).any():
                got = shown("steps that are absent before the last, or in one block only")
                fix = "give a missing value within a sequence a code of its own"
                raise DataError(describe(f"block {name}", "1 up to each row's end, alike in all blocks", got, fix=fix))


def _check_values(values: np.ndarray, block: Block) -> None:
    where = f"block {block.name}"
    if block.kind == "real":
        if not np.isfinite(values).all():
            fix = "remove or mark as missing the rows where it is infinite or not a number"
            raise DataError(describe(where, "finite numbers", values[~np.isfinite(values)][0].item(), fix=fix))
        return
    size = 2 if block.kind == "binary" else block.size
    if values.size and (values.min() < 0 or values.max() >= size):
        worst = values.min() if values.min() < 0 else values.max()
        raise DataError(describe(where, f"codes in [0, {size})", worst.item(), fix="encode with the codec's own state"))


def _hashes(arrays: dict[str, np.ndarray | None], count: int, seed: int) -> np.ndarray:
    """Return one uint64 a row: a keyed multilinear hash of its content, mixed (splitmix64's finalizer)."""
    out = np.empty(count, dtype=np.uint64)
    for start in range(0, count, CHECKED):
        total = np.full(min(CHECKED, count - start), np.uint64(key(seed, "rows")))
        for name, array in arrays.items():
            assert array is not None
            part = np.ascontiguousarray(array[start : start + CHECKED]).reshape(len(total), -1)
            words = part.astype(np.float32).view(np.uint32) if part.dtype.kind == "f" else part.astype(np.int64)
            weights = generator(key(seed, "rows", name)).integers(1, 2**63, words.shape[1], dtype=np.uint64) | 1
            total = _mixed(total + (words.astype(np.uint64) * weights).sum(1, dtype=np.uint64))
        out[start : start + CHECKED] = total
    return out


def _mixed(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
