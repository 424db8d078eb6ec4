"""text.near: what counts as the same text, what its bands promise, and its similarity against a plain one."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_text.near import Near, compared

WORDS = [
    "the",
    "a",
    "my",
    "card",
    "account",
    "pin",
    "lost",
    "help",
    "please",
    "how",
    "can",
    "change",
    "order",
    "new",
    "still",
    "where",
    "when",
    "money",
    "bank",
    "transfer",
]


def lcs(a, b):
    """The length of the longest common subsequence, by the plain recurrence."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = 0
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], before + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


@given(a=st.text(st.sampled_from("ab c"), max_size=14), b=st.text(st.sampled_from("ab c"), max_size=14))
def test_similarity_is_that_of_deletions_and_insertions(a, b):
    """Twice the longest common subsequence over the sum of the lengths, of the texts as they are compared."""
    det = Near()
    one, two = det.sketch(a, {}), det.sketch(b, {})
    if one is None or two is None:
        return
    x, y = compared(a), compared(b)
    assert det.similarity([one], [two], None)[0] == pytest.approx(2 * lcs(x, y) / (len(x) + len(y)), abs=1e-6)


@pytest.mark.parametrize(
    "other", ["HELLO, WORLD!", " hello\nworld", "Hello-World", "\uff48ello world", "hell\u00f6 world"]
)
def test_case_punctuation_and_width_do_not_count(other):
    """What differs in these alone has the same sketch; another letter has not."""
    det = Near()
    assert (det.sketch(other, {}) == det.sketch("hello world", {})) == ("\u00f6" not in other)


def test_texts_without_letters_are_not_compared():
    """Blank texts and bare punctuation have no sketch: they would all be copies of each other."""
    assert Near().sketch(" ?! ...", {}) is None


def test_one_word_in_ten_shares_a_band():
    """Of ten-word texts with one word changed, nearly all share a band, and are near."""
    rng, det = random.Random(4), Near()
    texts = [" ".join(rng.choices(WORDS, k=10)) for _ in range(400)]
    copies = []
    for text in texts:
        words = text.split()
        words[rng.randrange(10)] = rng.choice(WORDS)
        copies.append(" ".join(words))
    one, two = ([det.sketch(t, {}) for t in many] for many in (texts, copies))
    shared = [bool(set(x) & set(y)) for x, y in zip(det.bands(one, 0.8, None), det.bands(two, 0.8, None), strict=True)]
    near = np.array(det.similarity(one, two, None)) >= det.near
    assert np.mean(near & shared) >= 0.95


def test_long_texts_are_told_by_their_hashes():
    """The estimate for texts beyond ``max_chars`` lies within a few standard errors of the shingles' true overlap."""
    rng, det = random.Random(5), Near()
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(2000)]
    long = " ".join(words)
    for changed in (0, 100, 600):
        other = " ".join(
            [*words[changed:], *("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(changed))]
        )
        a, b = det.sketch(long, {}), det.sketch(other, {})
        assert len(a) == len(b) == 256
        x, y = ({t[i : i + 3] for i in range(len(t) - 2)} for t in (compared(long), compared(other)))
        shared = len(x & y) / len(x | y)
        assert det.similarity([a], [b], None)[0] == pytest.approx(2 * shared / (1 + shared), abs=0.2)
    short = det.sketch("something else entirely", {})
    assert det.similarity([short], [a], None)[0] < 0.3
