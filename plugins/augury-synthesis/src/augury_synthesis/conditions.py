"""Conditions on sampled rows: checked against the spec, met by the network where it can, and else by resampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from augury.errors import DataError, describe, shown
from augury.synthesis import CHUNK, Block, Condition, TensorSpec
from augury_synthesis.layout import Layout, Values

ROUNDS = 100
"""Chunks that are drawn at most to fill one chunk that a condition must hold in."""


class Wanted(NamedTuple):
    """A condition as tensors for one chunk.

    Args:
        fixed: Block index to values [CHUNK, elements].
        allowed: Block index to a bool mask of the codes that may be drawn.
    """

    fixed: Mapping[int, Tensor]
    allowed: Mapping[int, Tensor]

    def met(self, values: Values) -> Tensor:
        """Return bool [CHUNK]: which rows hold to the allowed codes (fixed ones not looked at)."""
        kept = torch.ones(values[0].shape[0], dtype=torch.bool, device=values[0].device)
        for index, codes in self.allowed.items():
            kept &= codes[values[index]].all(-1)
        return kept

    def names(self, layout: Layout) -> str:
        """Return the blocks it is about, for messages."""
        return ", ".join(sorted(layout.blocks[i].name for i in {*self.fixed, *self.allowed}))


def want(condition: Condition | None, spec: TensorSpec, layout: Layout, rows: int, device: torch.device) -> Wanted:
    """Return a condition as tensors; a lone allowed code is a fixed one.

    Raises:
        DataError: for an unknown block, one that cannot be a condition, a code out of range, or a wrong length.
    """
    if condition is None:
        return Wanted({}, {})
    names = [b.name for b in layout.blocks]
    fixed, allowed = {}, {}
    for name, given in condition.fixed.items():
        block = _block(name, spec)
        array = np.asarray(given)
        codes = np.broadcast_to(array, (rows, *block.shape)) if array.ndim == len(block.shape) else array
        if codes.shape != (rows, *block.shape):
            fix = "give one value, or one a row"
            got = shown(str(array.shape))
            raise DataError(describe(f"condition on {name}", f"shape {(rows, *block.shape)}", got, fix=fix))
        codes = _codes(codes, block)
        padded = np.concatenate([codes, np.repeat(codes[-1:], CHUNK - rows, axis=0)]) if rows else codes
        index = names.index(name)
        fixed[index] = torch.as_tensor(padded, device=device).reshape(len(padded), layout.heads[index].elements)
    for name, given in condition.allowed.items():
        block = _block(name, spec)
        codes = _codes(np.asarray(given).reshape(-1), block)
        if not len(codes):
            fix = "allow at least one code"
            raise DataError(describe(f"condition on {name}", "codes to draw", shown("none"), fix=fix))
        if len(np.unique(codes)) == 1 and names.index(name) not in fixed:
            shape = (CHUNK, layout.heads[names.index(name)].elements)
            fixed[names.index(name)] = torch.full(shape, int(codes[0]), device=device)
            continue
        mask = torch.zeros(layout.heads[names.index(name)].codes, dtype=torch.bool, device=device)
        mask[torch.as_tensor(codes, device=device)] = True
        allowed[names.index(name)] = mask
    return Wanted(fixed, allowed)


def _block(name: str, spec: TensorSpec) -> Block:
    names = [b.name for b in spec.blocks]
    if name not in names:
        fix = "name a block of the model"
        raise DataError(describe("condition", "a block of the model", name, name=name, known=names, fix=fix))
    block = spec.block(name)
    if block.kind == "real" or block.axes:
        got = shown(f"{block.kind} with axes {block.axes!r}" if block.axes else f"{block.kind} numbers")
        fix = "put the condition on another column, or let the codec make codes of this one"
        raise DataError(describe(f"condition on {name}", "codes without axes", got, fix=fix))
    if spec.condition and name not in spec.condition:
        fix = f"use one of {', '.join(spec.condition)}"
        raise DataError(describe("condition", "a column that conditions may fix", name, known=spec.condition, fix=fix))
    return block


def _codes(array: np.ndarray, block: Block) -> np.ndarray:
    size = 2 if block.kind == "binary" else block.size
    codes = np.asarray(array).astype(np.int64)
    wrong = (codes < 0) | (codes >= size) | (codes != array)
    if wrong.any():
        where = f"condition on {block.name}"
        raise DataError(describe(where, f"codes in [0, {size})", array[wrong][0].item(), fix="give codes of the codec"))
    return codes


def resample(draw: Callable[[int], tuple[Values, Tensor]], wanted: Wanted, layout: Layout, rows: int) -> Values:
    """Return a chunk in which the condition holds, of chunks drawn round by round.

    Rows that want the same take what comes in order, so no row depends on those after it.

    Args:
        draw: Round number to a chunk, and bool [CHUNK]: which of its rows may be used.
        wanted: What must hold.
        layout: The blocks.
        rows: How many rows of the chunk count.

    Raises:
        DataError: when `ROUNDS` chunks do not fill it: how many rows were met.
    """
    if not rows:
        return draw(0)[0]
    out: Values = []
    keys = _groups(wanted, rows)
    missing = np.ones(len(keys), dtype=bool)
    for number in range(ROUNDS):
        drawn, usable_rows = draw(number)
        out = out or [v.clone() for v in drawn]
        usable = (usable_rows & wanted.met(drawn)).cpu().numpy()
        for group in np.unique(keys[missing], axis=0) if wanted.fixed else [None]:
            fits = usable.copy()
            open_rows = missing.copy()
            if group is not None:
                fits &= _matches(drawn, wanted, group)
                open_rows &= (keys == group).all(1)
            targets, sources = np.flatnonzero(open_rows), np.flatnonzero(fits)
            count = min(len(targets), len(sources))
            for value, new in zip(out, drawn, strict=True):
                value[torch.as_tensor(targets[:count])] = new[torch.as_tensor(sources[:count])]
            missing[targets[:count]] = False
        if not missing.any():
            return out
    got = shown(f"{rows - int(missing.sum())} rows of {ROUNDS * CHUNK:,} tries")
    fix = "ask for something less rare, or use a model that meets the condition by construction (autoregressive)"
    raise DataError(describe(f"condition on {wanted.names(layout)}", f"{rows} rows that meet it", got, fix=fix))


def _groups(wanted: Wanted, rows: int) -> np.ndarray:
    """Return for each row the codes it wants, [rows, fixed elements]."""
    if not wanted.fixed:
        return np.zeros((rows, 1), dtype=np.int64)
    return torch.cat([v[:rows] for v in wanted.fixed.values()], 1).cpu().numpy()


def _matches(drawn: Values, wanted: Wanted, group: np.ndarray) -> np.ndarray:
    found = torch.cat([drawn[i] for i in wanted.fixed], 1).cpu().numpy()
    return (found == group).all(1)
