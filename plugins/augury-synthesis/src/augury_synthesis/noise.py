"""Keyed noise: every random number of a fit or a sample comes from a generator seeded by (seed, number, purpose)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from augury.errors import ParamError, describe
from augury.rng import generator, hash_point


def key(*parts: object) -> int:
    """Return a seed in [0, 2**63) for a place in a computation, such as ``(seed, "step", 12)``."""
    return hash_point("synthesis", *map(str, parts)) >> 1


class Noise:
    """The random numbers of one place, made on the device they are used on.

    Args:
        device: Where the tensors are made. The same key gives other numbers on another kind of device.
        parts: What names the place; see `key`.
    """

    def __init__(self, device: torch.device, *parts: object) -> None:
        """Seed the generator."""
        self.device = device
        self.parts = parts
        self._generator = torch.Generator(device).manual_seed(key(*parts))

    def branch(self, *parts: object) -> Noise:
        """Return an independent stream; drawing from one never shifts the other."""
        return Noise(self.device, *self.parts, *parts)

    def numpy(self, purpose: str) -> np.random.Generator:
        """Return a numpy generator for choices that are made on the host, such as which rows to read."""
        return generator(key(*self.parts, purpose))

    def uniform(self, *shape: int) -> Tensor:
        """Return float32 in [0, 1)."""
        return torch.rand(shape, generator=self._generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Return standard normal float32."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def gumbel(self, *shape: int) -> Tensor:
        """Return standard Gumbel float32, finite."""
        return -torch.log(-torch.log(self.uniform(*shape).clamp(1e-7, 1 - 1e-7)))

    def integers(self, high: int, *shape: int) -> Tensor:
        """Return int64 in [0, high)."""
        return torch.randint(high, shape, generator=self._generator, device=self.device)

    def categorical(self, logits: Tensor) -> Tensor:
        """Return codes drawn with probabilities softmax(logits) along the last axis, by the inverse of their sums."""
        mass = torch.softmax(logits.double(), -1).cumsum(-1)
        point = self.uniform(*logits.shape[:-1], 1).double() * mass[..., -1:]
        return (mass <= point).sum(-1).clamp(max=logits.shape[-1] - 1)

    def dropout(self, x: Tensor, share: float) -> Tensor:
        """Return ``x`` with a share of its numbers zeroed and the rest scaled up to keep the mean."""
        if share == 0:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - share, generator=self._generator)
        return x * kept.div_(1 - share)


@contextmanager
def isolated(seed: int, threads: int) -> Iterator[None]:
    """Run with ``threads`` and a seeded global generator; leave the process as it was: seed, threads, dtype.

    Modules draw their first weights from torch's global generator, which is why it is seeded here; nothing else does.
    """
    count, dtype = torch.get_num_threads(), torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_num_threads(count)
            torch.set_default_dtype(dtype)


def resolve_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is CUDA where there is one.

    Raises:
        ParamError: for CUDA where there is none.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ParamError(describe("device", "cuda where there is one", "cuda", fix="use auto or cpu"))
    return torch.device("cuda" if found and name != "cpu" else "cpu")
