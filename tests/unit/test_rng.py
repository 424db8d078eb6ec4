"""Keyed randomness: golden numbers, statistics, independence, ranges at their ends."""

import math
import random
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from augury.rng import Rng, Rngs, block, gate, generator, hash_point, hash_points, path_key, record_key, uniforms

N = 20_000


def _rng(seed=7, record="a/1", copy=0, path="image.blur#0"):
    return Rng(block(record_key(seed, record, copy), path_key(path)))


def _many(draw, n=N):
    return [draw(_rng(record=f"r/{i}")) for i in range(n)]


# These numbers are what stored lineages were drawn with. They may change only together with the major version of
# the recipe format: every record ever made draws by them.
def test_golden_numbers():
    """The numbers of one key, as they were when the format was fixed."""
    rng = _rng()
    golden = [rng.word() for _ in range(3)]
    assert golden == [13132070205771670102, 16091788468218024481, 4635920055846557889]
    assert rng.uniform(-30.0, 30.0) == 21.93763165829548
    assert rng.normal() == -0.8653390035203291
    assert rng.integer(0, 99) == 45
    assert gate(block(record_key(7, "a/1", 0), path_key("image.blur#0"))) == 0.7366556633946854
    assert hash_point("a/1") == 10522397034775709119
    assert _rng().sample(10, 4) == [7, 8, 4, 9]


def test_keys_differ_in_every_part():
    """Another seed, id, copy or path is another key; None is a copy of its own; parts do not run together."""
    keys = {
        record_key(7, "a", 0),
        record_key(8, "a", 0),
        record_key(7, "b", 0),
        record_key(7, "a", 1),
        record_key(7, "a", None),
        record_key(71, "a", 0),
        record_key(7, "1a", 0),
        record_key(7, "a\0", 0),
    }
    assert len(keys) == 8
    assert path_key("a/b") != path_key("a") != path_key("b")
    assert hash_point("a", "b") != hash_point("ab")


def test_ids_may_hold_any_character():
    """Lone surrogates, as odd file names give, have keys."""
    assert record_key(0, "\udcff.png", 0) != record_key(0, "\udcfe.png", 0)


def test_uniform_is_uniform():
    """Mean, spread and every tenth of the range, over many keys."""
    values = _many(lambda r: r.uniform(-3.0, 5.0))
    assert mean(values) == pytest.approx(1.0, abs=4 * 8 / math.sqrt(12 * N))
    assert stdev(values) == pytest.approx(8 / math.sqrt(12), rel=0.02)
    counts, _ = np.histogram(values, bins=10, range=(-3, 5))
    chi2 = float(((counts - N / 10) ** 2 / (N / 10)).sum())
    assert chi2 < 33  # 9 degrees of freedom, beyond the 0.9999 quantile


def test_words_of_one_key_are_uncorrelated():
    """Gate, first and second draws, and draws of another step, have no linear dependence."""

    def one(i):
        key = record_key(7, f"r/{i}", 0)
        step = block(key, path_key("a#0"))
        rng = Rng(step)
        return gate(step), rng.random(), rng.random(), Rng(block(key, path_key("a#1"))).random()

    table = np.array([one(i) for i in range(N)])
    correlation = np.corrcoef(table.T) - np.eye(4)
    assert np.abs(correlation).max() < 5 / math.sqrt(N)


def test_normal_has_its_quantiles():
    """Shares below quantiles of the standard normal, through mean and std."""
    values = np.array(_many(lambda r: r.normal(10.0, 2.0)))
    for q in (0.01, 0.25, 0.5, 0.9, 0.99):
        share = (values < 10 + 2 * NormalDist().inv_cdf(q)).mean()
        assert share == pytest.approx(q, abs=5 * math.sqrt(q * (1 - q) / N))


def test_log_uniform_is_uniform_in_the_logarithm():
    """As many values between 0.1 and 1 as between 1 and 10."""
    values = _many(lambda r: r.log_uniform(0.1, 10.0))
    assert mean(v < 1 for v in values) == pytest.approx(0.5, abs=0.02)
    assert min(values) >= 0.1
    assert max(values) <= 10


def test_integers_take_every_value_alike():
    """Both ends are included, each value comes as often."""
    counts = np.bincount([v + 2 for v in _many(lambda r: r.integer(-2, 4))], minlength=7)
    assert len(counts) == 7
    assert counts.min() > N / 7 * 0.9


def test_weighted_follows_its_weights():
    """Shares follow the weights; a weight of 0 never comes."""
    counts = np.bincount(_many(lambda r: r.weighted((1.0, 0.0, 3.0, 0.0))), minlength=4) / N
    assert counts[1] == counts[3] == 0
    assert counts[2] == pytest.approx(0.75, abs=0.02)


def test_chance_and_choice():
    """A chance comes as often as it says; a choice is one of its items, alike."""
    assert mean(_many(lambda r: r.chance(0.3))) == pytest.approx(0.3, abs=0.02)
    assert not any(_many(lambda r: r.chance(0.0), 100))
    assert all(_many(lambda r: r.chance(1.0), 100))
    counts = {c: 0 for c in "abc"}
    for c in _many(lambda r: r.choice("abc")):
        counts[c] += 1
    assert min(counts.values()) > N / 3 * 0.9


def test_pairs_of_a_sample_are_alike():
    """Every ordered pair of different items comes as often in a sample of two."""
    counts = np.zeros((5, 5))
    for i, j in _many(lambda r: r.sample(5, 2)):
        counts[i, j] += 1
    assert np.trace(counts) == 0
    off = counts[~np.eye(5, dtype=bool)]
    assert off.min() > N / 20 * 0.8


@given(st.integers(0, 60), st.data())
def test_samples_are_different_items(n, data):
    """A sample holds k different items of the range, a permutation all of them."""
    k = data.draw(st.integers(0, n))
    sample = _rng(record=str(n)).sample(n, k)
    assert len(set(sample)) == k
    assert all(0 <= i < n for i in sample)
    assert sorted(_rng(record=str(k)).permutation(n)) == list(range(n))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_uniform_stays_in_its_range(a, b):
    """The least and the greatest word give values inside the range."""
    lo, hi = sorted((a, b))
    for words in (b"\x00" * 64, b"\xff" * 64):
        assert lo <= Rng(words).uniform(lo, hi) <= hi


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_log_uniform_stays_in_its_range(a, b):
    """The least and the greatest word give values inside the range."""
    lo, hi = sorted((a, b))
    for words in (b"\x00" * 64, b"\xff" * 64):
        assert lo <= Rng(words).log_uniform(lo, hi) <= hi


def test_extreme_words_are_safe():
    """The least and the greatest word give finite normals and legal indices."""
    for words in (b"\x00" * 64, b"\xff" * 64):
        rng = Rng(words)
        assert 0 <= rng.random() < 1
        assert math.isfinite(rng.normal())
        assert rng.choice("abc") in "abc"
        assert rng.weighted((0.0, 0.3, 0.7, 0.0)) in (1, 2)
        assert 0 <= rng.seed() < 2**63


def test_results_are_plain_numbers():
    """Everything drawn is a plain Python number, ready for JSON."""
    rng = _rng()
    drawn = [rng.random(), rng.uniform(0, 1), rng.normal(), rng.integer(0, 3), rng.seed(), rng.chance(0.5)]
    assert [type(v) for v in drawn] == [float, float, float, int, int, bool]


def test_a_stream_never_ends():
    """Blocks after the first are hashed on; a thousand words do not repeat."""
    rng = _rng()
    assert len({rng.word() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("words", [0, 1, 7, 8, 30])
def test_branches_do_not_depend_on_what_was_drawn(words):
    """A branch is the same however many words were drawn before, and differs by name."""
    rng = _rng()
    for _ in range(words):
        rng.word()
    assert rng.branch("pick").word() == _rng().branch("pick").word()
    assert rng.branch("pick").word() != rng.branch("other").word()
    assert rng.branch("a branch of a long name, 1").word() != rng.branch("a branch of a long name, 2").word()


def test_a_branch_leaves_its_stream_alone():
    """Drawing from a branch does not move the stream it came from."""
    plain, branched = _rng(), _rng()
    branch = branched.branch("pick")
    for _ in range(20):
        branch.word()
    assert [plain.word() for _ in range(20)] == [branched.word() for _ in range(20)]


def test_generator_is_numpy_philox():
    """Arrays come from numpy's counter-based generator, the same for the same sub-seed."""
    one, two = generator(5).random(4), generator(5).random(4)
    assert (one == two).all()
    assert (generator(6).random(4) != one).any()
    assert (np.random.Generator(np.random.Philox(key=5)).random(4) == one).all()


def test_no_global_state_is_touched():
    """Neither random nor numpy moves."""
    before = random.getstate(), np.random.get_state()[1].tobytes()
    _rng().permutation(50)
    generator(3).normal(size=10)
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before


def test_uniforms_are_splitmix64():
    """Each row is the published generator started at its seed, whatever rows are beside it."""
    mask = 2**64 - 1

    def reference(state, count):
        out = []
        for _ in range(count):
            state = (state + 0x9E3779B97F4A7C15) & mask
            z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
            out.append(((z ^ (z >> 31)) >> 11) * 2.0**-53)
        return out

    seeds = [0, 1, 2**63 - 1, 123456789]
    assert uniforms(np.array(seeds), 5).tolist() == [reference(seed, 5) for seed in seeds]
    assert uniforms(np.array([0]), 1)[0, 0] == (0xE220A8397B1DCDAF >> 11) * 2.0**-53
    assert kstest(uniforms(np.arange(20000), 3)[:, 2], "uniform").pvalue > 1e-3


def test_points_of_many_names_are_those_of_each():
    """The bulk form hashes what the single one does."""
    names = ["a", "", "é", "x\0y", "half \ud800"]
    assert hash_points(("report", "7"), names).tolist() == [hash_point("report", "7", name) for name in names]
    assert hash_points((), names).tolist() == [hash_point(name) for name in names]


@given(st.lists(st.binary(min_size=64, max_size=64), min_size=1, max_size=5), st.data())
def test_many_streams_are_those_of_each(blocks, data):
    """`Rngs` gives, call by call, what an `Rng` of every block gives, past the end of a block and in branches."""
    many, each = Rngs(blocks), [Rng(b) for b in blocks]
    assert many.gates().tolist() == [gate(b) for b in blocks]
    for name in data.draw(st.lists(st.sampled_from(["seed", "random", "integer", "branch", "chance"]), max_size=24)):
        if name == "branch":
            many, each = many.branch("pick"), [rng.branch("pick") for rng in each]
        elif name == "integer":
            hi = data.draw(st.lists(st.integers(0, 2**31), min_size=len(blocks), max_size=len(blocks)))
            expected = [rng.integer(0, h) for rng, h in zip(each, hi, strict=True)]
            assert many.integer(0, np.array(hi)).tolist() == expected
        elif name == "chance":
            assert many.chance(0.3).tolist() == [rng.chance(0.3) for rng in each]
        else:
            assert getattr(many, name)().tolist() == [getattr(rng, name)() for rng in each]
