"""Keyed randomness: every number is a function of (seed, record id, copy, step path).

A step gets one 64-byte BLAKE2b block: word 0 gates it (``p``), words 1 to 7 serve its draws, and further
blocks are hashed from the first when those run out. Conversions from words to numbers are ours, so they
stay equal across library versions; results are plain Python numbers. Nothing here reads or touches a
global random state.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

_WORDS = Struct("<8Q").unpack
_UNIT = 2.0**-53
_STANDARD_NORMAL = NormalDist().inv_cdf


def record_key(seed: int, record_id: str, copy: int | None) -> bytes:
    """Return the 32-byte key of one output record: its seed, the id of its source, its copy number."""
    text = f"{seed}\0{record_id}\0{'' if copy is None else copy}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32, person=b"augury.record").digest()


def path_key(path: str) -> bytes:
    """Return the 32-byte key of a step path such as ``weather/image.blur#0``."""
    return blake2b(path.encode(), digest_size=32, person=b"augury.path").digest()


def hash_point(*parts: str) -> int:
    """Return a 64-bit point on the hash ring for a tuple of texts."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8, person=b"augury.ring").digest(), "little")


def hash_points(parts: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Return uint64 (n,): ``hash_point(*parts, name)`` of each name. Cost: some 0.8 us a name."""
    import numpy as np

    start = blake2b("".join(f"{part}\0" for part in parts).encode(), digest_size=8, person=b"augury.ring")
    digests = []
    for name in names:
        hasher = start.copy()
        hasher.update(name.encode("utf-8", "surrogatepass"))
        digests.append(hasher.digest())
    return np.frombuffer(b"".join(digests), dtype="<u8")


def block(record: bytes, path: bytes) -> bytes:
    """Return the 64-byte block of a step for a record (both 32-byte keys)."""
    return blake2b(record + path).digest()


def gate(step_block: bytes) -> float:
    """Return the number in [0, 1) that a step's ``p`` is compared with: word 0 of its block."""
    return (int.from_bytes(step_block[:8], "little") >> 11) * _UNIT


def generator(seed: int) -> np.random.Generator:
    """Return numpy's counter-based generator for arrays, from a sub-seed kept in a draw (see `Rng.seed`)."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=seed))


def mix(words: np.ndarray) -> np.ndarray:
    """Return uint64 words scrambled one to one, so that different words stay different.

    Reference: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    import numpy as np

    words = np.asarray(words, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def row_keys(seed: int, start: int, rows: int) -> np.ndarray:
    """Return one uint64 a row for the rows ``start`` to ``start + rows``: all different, each a function of its row."""
    import numpy as np

    numbers = np.arange(start, start + rows, dtype=np.uint64)
    return mix(numbers + np.uint64(hash_point("rows", str(seed))))


def branch_keys(keys: np.ndarray, name: str) -> np.ndarray:
    """Return independent keys under ``name``: as different from each other as ``keys`` are."""
    import numpy as np

    return mix(np.asarray(keys, dtype=np.uint64) ^ np.uint64(hash_point("branch", name)))


def key_uniforms(keys: np.ndarray) -> np.ndarray:
    """Return a float64 in (0, 1) for each key."""
    import numpy as np

    return ((np.asarray(keys, dtype=np.uint64) >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT


def uniforms(seeds: np.ndarray, count: int) -> np.ndarray:
    """Return float64 (n, count) in [0, 1) from sub-seeds (n,), one a row: what `Rows` functions draw cells from.

    Each row's numbers are those of SplitMix64 started at its seed, so they do not depend on the batch. Cost: some 5 ns
    a number. Reference: Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014.
    """
    import numpy as np

    step = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = mix(np.asarray(seeds).astype(np.uint64)[:, None] + step)
    return (z >> np.uint64(11)).astype(np.float64) * _UNIT


class Rng:
    """The random numbers of one step for one record. Build it from a 64-byte `block`."""

    __slots__ = ("_block", "_next", "_root", "_words")

    def __init__(self, step_block: bytes) -> None:
        """Start after the gate word of ``step_block``."""
        self._block = self._root = step_block
        self._words = _WORDS(step_block)
        self._next = 1

    def branch(self, name: str) -> Rng:
        """Return an independent stream under ``name``; drawing from one never shifts the other."""
        return Rng(blake2b(self._root + name.encode(), person=b"augury.branch").digest())

    def word(self) -> int:
        """Return the next 64 random bits."""
        if self._next == 8:
            self._block = blake2b(self._block, person=b"augury.more").digest()
            self._words = _WORDS(self._block)
            self._next = 0
        word = self._words[self._next]
        self._next += 1
        return word

    def seed(self) -> int:
        """Return a sub-seed in [0, 2**63) to keep in a draw; `generator` turns it into arrays."""
        return self.word() >> 1

    def random(self) -> float:
        """Return a float in [0, 1) with 53 random bits."""
        return (self.word() >> 11) * _UNIT

    def uniform(self, lo: float, hi: float) -> float:
        """Return a float in [lo, hi]."""
        return lo + (hi - lo) * ((self.word() >> 11) * _UNIT)

    def log_uniform(self, lo: float, hi: float) -> float:
        """Return a float in [lo, hi], uniform in its logarithm; 0 < lo <= hi."""
        return min(max(lo * (hi / lo) ** self.random(), lo), hi)

    def normal(self, mean: float = 0.0, std: float = 1.0) -> float:
        """Return a float of the normal distribution, by the inverse of its distribution function."""
        return mean + std * _STANDARD_NORMAL(((self.word() >> 12) + 0.5) * 2.0**-52)

    def integer(self, lo: int, hi: int) -> int:
        """Return an integer in [lo, hi], both included (bias below 2**-32 for spans below 2**32)."""
        return lo + (self.word() * (hi - lo + 1) >> 64)

    def chance(self, p: float) -> bool:
        """Return True with probability ``p``."""
        return self.random() < p

    def choice(self, items: Sequence[T]) -> T:
        """Return one of ``items``, each equally likely."""
        return items[self.word() * len(items) >> 64]

    def weighted(self, weights: Sequence[float]) -> int:
        """Return an index, each with a probability proportional to its weight (finite, >= 0, sum > 0)."""
        point = self.random() * sum(weights)
        last = 0
        for index, weight in enumerate(weights):
            if weight > 0:
                last = index
                if point < weight:
                    return index
                point -= weight
        return last

    def sample(self, n: int, k: int) -> list[int]:
        """Return ``k`` different integers of range(n), in random order; k <= n. Cost O(k)."""
        moved: dict[int, int] = {}
        out = []
        for i in range(k):
            j = self.integer(i, n - 1)
            out.append(moved.get(j, j))
            moved[j] = moved.get(i, i)
        return out

    def permutation(self, n: int) -> list[int]:
        """Return range(n) in random order."""
        return self.sample(n, n)


class Rngs:
    """The random numbers of one step for many records at once: what an `Rng` of each gives, as arrays (n,)."""

    __slots__ = ("_blocks", "_next", "_roots", "_words")

    def __init__(self, step_blocks: Sequence[bytes]) -> None:
        """Start after the gate word of each of the n blocks."""
        self._blocks = self._roots = step_blocks
        self._words = _matrix(step_blocks)
        self._next = 1

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._roots)

    def gates(self) -> np.ndarray:
        """Return the float64 (n,) in [0, 1) that ``p`` is compared with."""
        return _unit(_matrix(self._roots)[:, 0])

    def branch(self, name: str) -> Rngs:
        """Return independent streams under ``name``, those of `Rng.branch`."""
        data = name.encode()
        return Rngs([blake2b(root + data, person=b"augury.branch").digest() for root in self._roots])

    def word(self) -> np.ndarray:
        """Return the next 64 random bits of each, uint64 (n,). Cost: every eighth a hash a record, the others free."""
        if self._next == 8:
            self._blocks = [blake2b(block, person=b"augury.more").digest() for block in self._blocks]
            self._words = _matrix(self._blocks)
            self._next = 0
        word: np.ndarray = self._words[:, self._next]
        self._next += 1
        return word

    def seed(self) -> np.ndarray:
        """Return sub-seeds in [0, 2**63), as uint64 (n,)."""
        import numpy as np

        return self.word() >> np.uint64(1)

    def random(self) -> np.ndarray:
        """Return float64 (n,) in [0, 1)."""
        return _unit(self.word())

    def integer(self, lo: int, hi: np.ndarray | int) -> np.ndarray:
        """Return int64 (n,) in [lo, hi], both included; spans are below 2**32, ``hi`` may differ by record."""
        import numpy as np

        word, half = self.word(), np.uint64(32)
        span = (np.asarray(hi, dtype=np.int64) - lo + 1).astype(np.uint64)
        low = ((word & np.uint64(0xFFFFFFFF)) * span) >> half
        return lo + (((word >> half) * span + low) >> half).astype(np.int64)

    def chance(self, p: np.ndarray | float) -> np.ndarray:
        """Return bool (n,), true with probability ``p``, a number or one a record."""
        return self.random() < p


def _matrix(blocks: Sequence[bytes]) -> np.ndarray:
    import numpy as np

    return np.frombuffer(b"".join(blocks), dtype="<u8").reshape(len(blocks), 8)


def _unit(words: np.ndarray) -> np.ndarray:
    import numpy as np

    return (words >> np.uint64(11)).astype(np.float64) * _UNIT
