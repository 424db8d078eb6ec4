"""The kit for cleaners and detectors: what keeps the contract passes, and each broken one fails the check about it."""

import itertools

import pytest

from augury.catalog import Entry
from augury.cleaner import Cleaner, Rejection
from augury.detector import Detector, sample_of
from augury.specs import CleanerSpec, DetectorSpec
from augury.testing.cleaners import CLEANERS
from augury.testing.detectors import DETECTORS

COUNTER = itertools.count()


class Plain(Cleaner):
    """Reject red.

    Args:
        word: What is rejected.

    Rejects: ``word``.

    Cost: none.
    """

    on = "category"
    word: str = "red"

    def judge(self, value, info):
        """Return ``word`` for the word."""
        return Rejection("word", f"it is {value}") if value == self.word else None


class Undocumented(Plain):
    """Reject red."""

    word: str = "red"


class UnnamedReason(Plain):
    """Reject red.

    Args:
        word: What is rejected.

    Rejects: ``word``.

    Cost: none.
    """

    word: str = "red"

    def judge(self, value, info):
        """Return a reason that is not documented."""
        return Rejection("Too Red!", "red")


class Moody(Plain):
    """Reject every other value.

    Args:
        word: Nothing.

    Rejects: ``word``.

    Cost: none.
    """

    word: str = "red"

    def judge(self, value, info):
        """Return another answer each time."""
        return Rejection("word", "mood") if next(COUNTER) % 2 else None


class Spoiling(Cleaner):
    """Keep all rows.

    Rejects: ``none``.

    Cost: none.
    """

    on = "distribution"

    def judge(self, value, info):
        """Change the value."""
        value["spoilt"] = 0.0
        return None


class LastSeen(Cleaner):
    """Reject what came last.

    Rejects: ``last``.

    Cost: none.
    """

    on = "number"
    fits = True

    def fit(self, values, fields):
        """Return the last value, which depends on the order."""
        return {"last": [value for _, value in values][-1]}

    def judge(self, value, info):
        """Return ``last`` for the last value."""
        return Rejection("last", "it is the last") if value == info.state["last"] else None


class SpecSaysOtherwise(Plain):
    """Reject red.

    Args:
        word: What is rejected.

    Rejects: ``word``.

    Cost: none.
    """

    on = "number"
    word: str = "red"


class Same(Detector):
    """Find equal categories.

    Cost: none.
    """

    on = "category"
    fits = True

    def sketch(self, value, fields):
        """Return the text."""
        return value.encode() or None

    def fit(self, sketches):
        """Return how many there are."""
        return len(sample_of(sketches, 100))

    def bands(self, sketches, near, state):
        """Return the first letters."""
        return [[sketch[:8]] for sketch in sketches]

    def similarity(self, a, b, state):
        """Return 1 for equal ones."""
        return [float(x == y) for x, y in zip(a, b, strict=True)]


class Counting(Same):
    """Find equal categories.

    Cost: none.
    """

    def fit(self, sketches):
        """Return how many there are, repeats too."""
        return sum(len(chunk) for chunk in sketches)


class Long(Same):
    """Find equal categories.

    Cost: none.
    """

    def bands(self, sketches, near, state):
        """Return bands that are too long."""
        return [[sketch.ljust(17)] for sketch in sketches]


class Neighbourly(Same):
    """Find equal categories.

    Cost: none.
    """

    def bands(self, sketches, near, state):
        """Return bands that depend on the chunk."""
        return [[bytes([len(sketches)])] for _ in sketches]


class OneWay(Same):
    """Find equal categories.

    Cost: none.
    """

    def similarity(self, a, b, state):
        """Return what is not the same both ways."""
        return [float(x <= y) for x, y in zip(a, b, strict=True)]


class Forgetful(Same):
    """Find equal categories.

    Cost: none.
    """

    def sketch(self, value, fields):
        """Return another sketch each time."""
        return str(next(COUNTER)).encode()


def failed(suite, spec):
    """The names of the checks that an entry fails."""
    entry = Entry(suite.group, spec, "augury", "0")
    out = set()
    for check in suite.checks:
        try:
            if any(check.when(case) for case in suite.cases(entry)):
                suite.run(entry, check)
        except Exception:
            out.add(check.name)
    return out


@pytest.mark.parametrize(
    ("cls", "on", "wanted"),
    [
        (Plain, "category", set()),
        (Undocumented, "category", {"is_documented", "answers_every_value"}),
        (UnnamedReason, "category", {"answers_every_value"}),
        (Moody, "category", {"repeats_itself"}),
        (Spoiling, "distribution", {"repeats_itself"}),
        (LastSeen, "number", {"learns_from_the_set"}),
        (SpecSaysOtherwise, "category", {"loads"}),
    ],
)
def test_cleaners(cls, on, wanted):
    """Each broken cleaner fails the checks that are about what is broken, and no other."""
    assert (
        failed(CLEANERS, CleanerSpec(f"bad.{cls.__name__.lower()}", f"{__name__}:{cls.__name__}", "A test.", on=on))
        == wanted
    )


@pytest.mark.parametrize(
    ("cls", "wanted"),
    [
        (Same, set()),
        (Counting, {"learns_from_the_set"}),
        (Long, {"bands_are_small"}),
        (Neighbourly, {"bands_are_small"}),
        (OneWay, {"similarity_is_one"}),
        (Forgetful, {"sketches_every_value"}),
    ],
)
def test_detectors(cls, wanted):
    """Each broken detector fails the checks that are about what is broken, and no other."""
    spec = DetectorSpec(f"bad.{cls.__name__.lower()}", f"{__name__}:{cls.__name__}", "A test.", on="category")
    assert failed(DETECTORS, spec) == wanted


def test_a_sample_is_of_the_set():
    """The same sketches in other chunks, orders and numbers give the same sample, of at most the count asked for."""
    sketches = [str(i).encode() for i in range(1000)]
    sample = sample_of([sketches], 50)
    assert len(sample) == 50
    assert sample_of([sketches[i : i + 7] for i in range(993, -1, -7)] + [sketches[:300], sketches[-20:]], 50) == sample
    assert sample_of([sketches[:9], []], 50) == sorted(sketches[:9])
    assert sample_of([], 5) == []
