"""The structure of a JPEG file (ITU-T T.81, annex B): what a decoder can refuse it for, apart from its pixels' data."""

from __future__ import annotations

import numpy as np

_START_OF_SCAN, _END = 0xDA, 0xD9
_SEGMENTS = frozenset([0xC0, 0xC1, 0xC2, 0xC4, _START_OF_SCAN, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE])
"""Markers of segments that say their length: Huffman-coded frames, tables, scans, applications' own, comments."""

_RESTART = 0xD0
"""The first of the eight markers that may stand within a scan's data."""


def without_scans(data: bytes) -> bytes | None:
    """Return a JPEG without its entropy-coded data, or None where its segments do not follow each other as they should.

    A Huffman decoder takes any bits for pixels; where it finds none it remarks on it and goes on. So what is left is
    refused exactly where the file is. Cost: some 0.04 ms for 100 KB.

    Args:
        data: A file that begins with the marker of a JPEG.
    """
    octets = np.frombuffer(data, np.uint8)
    at, kept = 2, [data[:2]]
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, stop = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker not in _SEGMENTS or stop < at + 4:
            break
        kept.append(data[at:stop])
        at = stop if marker != _START_OF_SCAN else _scan_end(octets, stop)
    whole = data[at : at + 2] == bytes((0xFF, _END)) and not data[at + 2 :].strip(b"\0")
    return b"".join([*kept, data[at : at + 2]]) if whole else None


def _scan_end(octets: np.ndarray, start: int) -> int:
    """Return where the data of a scan ends that begins at ``start``: at the next marker that is not a restart's."""
    places = start + np.flatnonzero(octets[start:-1] == 0xFF)
    after = octets[places + 1]
    ends = places[(after != 0) & (after & 0xF8 != _RESTART)]
    return int(ends[0]) if len(ends) else len(octets)
