"""Identity: ids, digests and the content hash, against a second computation of it."""

import random
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.dataset.identity import content_hash, record_id, row_digest, row_id
from augury.dataset.tables import database, sorted_digests
from augury.values import canonical_bytes

DIGESTS = st.lists(st.binary(min_size=32, max_size=32), max_size=30)


@settings(max_examples=10)
@given(DIGESTS, st.integers())
def test_the_content_hash_is_of_the_multiset(digests, seed):
    """Order does not matter, counts do; it is SHA-256 over the schema and the sorted digests."""
    schema = {"c": {"x": {"kind": "number"}}}
    shuffled = digests[:]
    random.Random(seed).shuffle(shuffled)
    expected = sha256(canonical_bytes(schema) + b"".join(sorted(digests))).hexdigest()
    pieces = [shuffled[:7], shuffled[7:]]
    with TemporaryDirectory() as folder, database(Path(folder)) as db:
        arrays = [pa.array(piece, pa.binary()) for piece in pieces]
        assert content_hash(schema, sorted_digests(db, arrays)) == expected
        twice = pa.array(digests[:1], pa.binary())
        assert (content_hash(schema, sorted_digests(db, [*arrays, twice])) != expected) == bool(digests)


def test_a_rows_digest_tells_everything_apart():
    """Collection, side, id, field names, types and values; a missing value is an absent one."""
    base = ("c", "train", "c/1", {"a": 1, "b": "x"})
    same = row_digest("c", "train", "c/1", {"b": "x", "a": 1, "z": None})
    assert row_digest(*base) == same
    others = [
        ("d", "train", "c/1", {"a": 1, "b": "x"}),
        ("c", "test", "c/1", {"a": 1, "b": "x"}),
        ("c", "train", "c/2", {"a": 1, "b": "x"}),
        ("c", "train", "c/1", {"a": 1.0, "b": "x"}),
        ("c", "train", "c/1", {"a": 1, "c": "x"}),
        ("c", "train", "c/1", {"a": 1, "b": b"x"}),
    ]
    assert len({same, *(row_digest(*o) for o in others)}) == 7


@pytest.mark.parametrize(
    ("key", "expected"),
    [("a.png", "c/a.png"), ("sub/a@b.png", "c/sub/a@b.png"), ("user@1", "c/user%401"), ("a@1b", "c/a@1b")],
)
def test_no_record_is_called_like_a_copy(key, expected):
    """A key that ends like a copy's number is escaped, so that row ids never meet."""
    assert record_id("c", key, b"") == expected
    assert row_id(expected, None) == expected and row_id(expected, 3) == f"{expected}@3"
