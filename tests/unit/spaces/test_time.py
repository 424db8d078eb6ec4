"""Time: composed pieces against mapping every sample's moment through the effects one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.effects import Piece, Rope, Time
from augury.spaces.row import RowSegment, RowSize
from augury.spaces.time import Part, TimeSegment, TimeSize

SIZE = TimeSize(100, 1000, 1)


@st.composite
def effects(draw, samples):
    """A time effect: pieces side by side, at their own rates, some backwards, with silence between."""
    pieces, at = [], 0.0
    for _ in range(draw(st.integers(1, 4))):
        at += draw(st.integers(0, 10))
        a, b = sorted((draw(st.integers(0, samples)), draw(st.integers(0, samples))))
        if a == b:
            continue
        length = (b - a) * draw(st.sampled_from([0.5, 1.0, 1.25, 2.0]))
        pieces.append(Piece(*((a, b) if draw(st.booleans()) else (b, a)), at, at + length))
        at += length
    return Time(
        tuple(pieces),
        int(at) + draw(st.integers(1, 9)),
        draw(st.sampled_from([1.0, 2.0])),
        draw(st.sampled_from(["resample", "stretch"])),
    )


@st.composite
def chains(draw):
    """Up to three effects, each on what the one before makes."""
    out, samples = [], SIZE.samples
    for _ in range(draw(st.integers(1, 3))):
        out.append(draw(effects(samples)))
        samples = out[-1].length
    return out


def _one_back(pieces, t):
    """The source moment, and the pitch factor's piece, heard at output moment ``t``; None for silence."""
    for p in pieces:
        if p.d0 < t < p.d1:
            return p.s0 + (t - p.d0) * (p.s1 - p.s0) / (p.d1 - p.d0), p
    return None


def _pitch(effect, piece):
    ratio = abs(piece.s1 - piece.s0) / (piece.d1 - piece.d0)
    return effect.pitch * (ratio if effect.mode == "resample" else 1.0)


@settings(max_examples=150)
@given(chains())
def test_composed_pieces_play_what_single_ones_play(chain):
    """At every output moment the same source moment is heard, at the same pitch, or silence."""
    segment = TimeSegment(SIZE)
    for effect in chain:
        assert segment.push(effect)
        assert segment.size == TimeSize(effect.length, 1000, 1)
    for k in range(chain[-1].length * 2):
        moment, t, pitch = k / 2 + 0.137, k / 2 + 0.137, 1.0
        for effect in reversed(chain):
            found = _one_back(effect.pieces, t)
            if found is None:
                t = None
                break
            t, piece = found
            pitch *= _pitch(effect, piece)
        heard = _one_back(segment.parts, moment)
        if t is None:
            assert heard is None
        else:
            assert heard is not None
            assert heard[0] == pytest.approx(t, abs=1e-6)
            assert heard[1].pitch == pytest.approx(pitch)


@settings(max_examples=150)
@given(chains(), st.integers(0, 99), st.integers(1, 60))
def test_ranges_are_where_their_moments_are(chain, s0, n):
    """The places of a range hold exactly the output moments whose source moment lies in it."""
    s1 = min(s0 + n, 100)
    segment = TimeSegment(SIZE)
    for effect in chain:
        segment.push(effect)
    places = segment.map().ranges(s0, s1)
    for k in range(chain[-1].length * 2):
        t = k / 2 + 0.137
        heard = _one_back(segment.parts, t)
        inside = heard is not None and s0 + 1e-6 < heard[0] < s1 - 1e-6
        outside = heard is None or heard[0] < s0 - 1e-6 or heard[0] > s1 + 1e-6
        covered = any(d0 < t < d1 for d0, d1, _ in places)
        assert not (inside and not covered)
        assert not (outside and covered)
    assert all(0 < share <= 1 + 1e-9 for *_, share in places)


def _map(*effects):
    segment = TimeSegment(SIZE)
    for effect in effects:
        segment.push(effect)
    return segment.map()


def test_reverse_twice_is_the_clip():
    """Playing backwards twice plays forwards; once is said to reverse."""
    back = Time((Piece(100, 0, 0, 100),), 100)
    assert _map(back).reverses
    assert _map(back).ranges(10, 20) == [(80, 90, 1.0)]
    twice = _map(back, back)
    assert not twice.reverses
    assert twice.parts == [Part(0, 100, 0, 100, -1, 1.0)]


def test_a_splice_that_changes_nothing_joins_its_ranges():
    """A range over a seam that continues is one place with its whole share."""
    cut = Time((Piece(0, 40, 0, 40), Piece(40, 100, 40, 100)), 100)
    assert _map(cut).ranges(30, 50) == [(30, 50, pytest.approx(1.0))]


def test_a_cut_splits_a_range():
    """A range over a seam that jumps is two places with their shares."""
    cut = Time((Piece(0, 40, 0, 40), Piece(60, 100, 40, 80)), 80)
    assert _map(cut).ranges(30, 70) == [(30, 40, pytest.approx(0.25)), (40, 50, pytest.approx(0.25))]


def test_rates_and_pitches_multiply():
    """Twice the speed twice is four times; resampling lifts the pitch with it, stretching keeps it."""
    fast = Time((Piece(0, 100, 0, 50),), 50)
    faster = Time((Piece(0, 50, 0, 25),), 25)
    (part,) = _map(fast, faster).parts
    assert (part.rate, part.pitch) == (4.0, 4.0)
    (part,) = _map(fast._replace(mode="stretch"), faster._replace(mode="stretch", pitch=2.0)).parts
    assert (part.rate, part.pitch) == (4.0, 2.0)


def test_copies_are_exact():
    """Whole shifts at rate and pitch 1 only copy samples."""
    assert _map(Time((Piece(10, 30, 0, 20),), 20)).parts[0].copies
    assert _map(Time((Piece(30, 10, 0, 20),), 20)).parts[0].copies
    assert not _map(Time((Piece(10, 30, 0, 21),), 21)).parts[0].copies
    assert not _map(Time((Piece(10, 30, 0.5, 20.5),), 21)).parts[0].copies
    assert not _map(Time((Piece(10, 30, 0, 20),), 20, 2.0)).parts[0].copies


def test_donors_hold_nothing_of_the_clip():
    """Pieces of a donor are kept as they are and hold no range of the clip."""
    where = _map(Time((Piece(0, 50, 0, 50), Piece(0, 50, 50, 100, 0)), 100))
    assert [p.source for p in where.parts] == [-1, 0]
    assert where.ranges(0, 100) == [(0, 50, 0.5)]


def test_only_the_spaces_own_effects_are_taken():
    """Time and row segments refuse what is not theirs."""
    assert not TimeSegment(SIZE).push(Rope(()))
    rows = RowSegment(RowSize({"a": "number"}))
    assert not rows.push(Rope(()))
    assert rows.empty
    assert rows.map() is None


def test_sizes_know_their_seconds():
    """Duration is samples over rate."""
    assert TimeSize(4000, 8000).seconds == 0.5


def test_a_new_rate_keeps_the_seconds():
    """Resampled, a clip has another rate and length; moments map by the samples of both, in any order with a cut."""
    segment = TimeSegment(SIZE)
    assert segment.push(Time((Piece(20, 80, 0, 60),), 60))
    assert segment.push(Time((Piece(0, 60, 0, 30),), 30, rate=500))
    assert segment.size == TimeSize(30, 500, 1)
    assert segment.size.seconds == 0.06
    where = segment.map()
    assert where.ranges(30, 50) == [(5.0, 15.0, 1.0)]
    assert (where.source.rate, where.size.rate) == (1000, 500)
    assert segment.push(Time((Piece(0, 30, 0, 30),), 30))
    assert segment.size.rate == 500
