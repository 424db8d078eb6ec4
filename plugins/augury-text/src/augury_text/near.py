"""text.near: finds texts that are copies of each other but for case, punctuation and a few words."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cpdist

from augury.detector import Detector
from augury.params import Within

_BANDS = 16
_ROWS = 4
"""Hashes a band: texts of which 70 % of all shingles are shared have one of 16 bands in common 99 times in 100, those
that share 10 % once in 600."""

_HASHES = _BANDS * _ROWS
_SIGNATURE_BYTES = _HASHES * 4
_NONE = MinHash(num_perm=_HASHES, hashfunc=zlib.crc32, scheme="affine32")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")


class Near(Detector):
    """Find texts that say the same but for letter case, punctuation, blanks, and a few words or letters.

    What is compared are the letters and digits of the text, in NFKC and folded case. Candidates share one of 16
    bands of four MinHash values over its shingles. The similarity of two texts is 1 - d / (the sum of their lengths), d
    being the least number of characters to delete and insert; one word changed in ten gives 0.8 to 0.95. Longer texts
    are kept by their hashes alone; a pair with one of them has the similarity 2J / (1 + J), J being the share of equal
    hashes (an estimate of their shared shingles, with a standard error of at most 0.06).

    A text without letters and digits is compared with none.

    Args:
        shingle_chars: Characters of a shingle, 2 to 16.
        max_chars: Longest text, in characters as compared, that is kept in its sketch; longer ones are hashes alone.

    Cost: a sketch about 30 us and 1 us a character, of 256 bytes and the text; a comparison about 1 us for short texts.

    Reference: Broder, "On the resemblance and containment of documents", 1997.
    """

    on = "text"
    near: ClassVar[float] = 0.8

    shingle_chars: Annotated[int, Within(2, 16)] = 3
    max_chars: Annotated[int, Within(0, 4000)] = 1000

    def sketch(self, value: str, fields: Mapping[str, Any]) -> bytes | None:
        """Return the MinHash values, uint32, and the text as it is compared; None where that is empty."""
        text = compared(value)
        if not text:
            return None
        kept = text.encode() if len(text) <= self.max_chars else b""
        return _signature(text, self.shingle_chars) + kept

    def bands(self, sketches: Sequence[bytes], near: float, state: Any) -> Sequence[Sequence[bytes]]:
        """Return 16 bands of 16 bytes: four hashes each. A band's hashes occur in no other band."""
        width = 4 * _ROWS
        return [[sketch[i : i + width] for i in range(0, _SIGNATURE_BYTES, width)] for sketch in sketches]

    def similarity(self, a: Sequence[bytes], b: Sequence[bytes], state: Any) -> Sequence[float]:
        """Return the similarity of the texts, or of their hashes where one text was too long to keep."""
        texts_a, texts_b = _texts(a), _texts(b)
        out = cpdist(texts_a, texts_b, scorer=Indel.normalized_similarity, dtype=np.float32)
        long = [i for i, pair in enumerate(zip(texts_a, texts_b, strict=True)) if not all(pair)]
        if long:
            shared = (_hashes([a[i] for i in long]) == _hashes([b[i] for i in long])).mean(axis=1)
            out[long] = 2 * shared / (1 + shared)
        return [float(s) for s in out]


def compared(text: str) -> str:
    """Return a text as it is compared: its letters and digits alone, in NFKC and folded case."""
    return _NEITHER_LETTER_NOR_DIGIT.sub("", unicodedata.normalize("NFKC", text).casefold())


def _signature(text: str, size: int) -> bytes:
    """Return the MinHash values of all runs of ``size`` characters, little-endian uint32."""
    shingles = {text[i : i + size].encode() for i in range(max(1, len(text) - size + 1))}
    hashed = _NONE.copy()
    hashed.update_batch(sorted(shingles))
    return hashed.hashvalues.astype("<u4").tobytes()


def _texts(sketches: Sequence[bytes]) -> list[str]:
    return [sketch[_SIGNATURE_BYTES:].decode() for sketch in sketches]


def _hashes(sketches: Sequence[bytes]) -> NDArray[np.uint32]:
    return np.frombuffer(b"".join(s[:_SIGNATURE_BYTES] for s in sketches), "<u4").reshape(-1, _HASHES)
