"""The keyed sample: the rows with the least keys, whatever the order and the batches."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from augury.report.sample import KeyedSample

KEYS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60, unique=True)


def table(keys, size=1):
    """Return rows that know their keys."""
    return pa.table({"key": pa.array([str(k) for k in keys]), "body": [b"x" * size for _ in keys]})


@given(keys=KEYS, most=st.integers(1, 10), batch=st.integers(1, 20), turn=st.randoms(use_true_random=False))
def test_least_keys_in_any_order(keys, most, batch, turn):
    """The sample is what sorting all rows gives."""
    sample = KeyedSample(most)
    mixed = list(keys)
    turn.shuffle(mixed)
    for i in range(0, len(mixed), batch):
        part = mixed[i : i + batch]
        sample.add(table(part), np.array(part, dtype=np.uint64))
    assert sample.rows()["key"].to_pylist() == [str(k) for k in sorted(keys)[:most]]


@given(keys=KEYS, turn=st.randoms(use_true_random=False))
def test_bytes_are_bounded_in_any_order(keys, turn):
    """Large rows shorten the sample to the same beginning, and one is always kept."""
    kept = []
    for _ in range(2):
        sample = KeyedSample(40, most_bytes=3000)
        turn.shuffle(keys)
        for key in keys:
            sample.add(table([key], 500), np.array([key], dtype=np.uint64))
        kept.append(sample.rows()["key"].to_pylist())
    assert kept[0] == kept[1] == [str(k) for k in sorted(keys)[: len(kept[0])]]
    assert len(kept[0]) == min(len(keys), 5)


def test_nothing():
    """A sample without rows is None; one row larger than the bound is kept."""
    sample = KeyedSample(3, most_bytes=10)
    assert sample.rows() is None
    sample.add(table([5], 100), np.array([5], dtype=np.uint64))
    assert sample.rows().num_rows == 1
