"""Text: composed edits against running them one after another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.effects import Copy, Insert, Rope, Warp
from augury.spaces.text import TextMap, TextSegment, TextSize, compose, render

START = "abcdefghij"


@st.composite
def ropes(draw, n):
    """A rope for a text of ``n`` characters: copies in any order, repeated or left out, and inserts."""
    pieces = []
    for _ in range(draw(st.integers(0, 5))):
        a, b = sorted((draw(st.integers(0, n)), draw(st.integers(0, n))))
        if draw(st.booleans()):
            pieces.append(Copy(a, b))
        else:
            pieces.append(Insert(draw(st.text("XYZ", max_size=3)), (a, b) if draw(st.booleans()) and a < b else None))
    return Rope(tuple(pieces))


@st.composite
def edits(draw):
    """Up to four ropes, each for what the one before makes."""
    out, text = [], START
    for _ in range(draw(st.integers(1, 4))):
        rope = draw(ropes(len(text)))
        out.append(rope)
        text = render(text, rope.pieces)
    return out


def _origins(pieces, before):
    """The origin of every character of an edit's result: a position in the source, or None for inserted text."""
    out = []
    for piece in pieces:
        out += [None] * len(piece.text) if isinstance(piece, Insert) else before[piece.a : piece.b]
    return out


@given(edits())
def test_composed_edits_are_the_edits_in_turn(chain):
    """The composed rope makes the same text, and every character comes from the same place."""
    segment = TextSegment(TextSize(len(START)))
    text, origins = START, list(range(len(START)))
    for rope in chain:
        assert segment.push(rope)
        text, origins = render(text, rope.pieces), _origins(rope.pieces, origins)
        assert segment.size == TextSize(len(text))
    assert render(START, segment.pieces) == text
    assert _origins(segment.pieces, list(range(len(START)))) == origins


@given(edits(), st.integers(0, 9), st.integers(1, 10))
def test_ranges_survive_as_one_by_one(chain, a, n):
    """A range that is found whole after the composed edits was whole after each of them."""
    b = min(a + n, len(START))
    segment = TextSegment(TextSize(len(START)))
    spots = [(a, b)]
    for rope in chain:
        segment.push(rope)
        single = TextSegment(TextSize(10**6))
        single.push(rope)
        spots = [place for s, e in spots for place in single.map().exact(s, e)]
    assert sorted(segment.map().exact(a, b)) == sorted(spots)
    assert all(render(START, segment.pieces)[s:e] == START[a:b] for s, e in spots)


@given(edits())
def test_composition_is_associative(chain):
    """Composing in either grouping gives the same text."""
    if len(chain) < 3:
        return
    one, two, three = (list(rope.pieces) for rope in chain[:3])
    left = compose(compose(one, two), three)
    right = compose(one, compose(two, three))
    assert render(START, left) == render(START, right)


def test_a_swap_carries_both_words():
    """Copies in another order move ranges along; each is found once, where it went."""
    where = _map(Rope((Copy(4, 7), Copy(3, 4), Copy(0, 3))), 7)
    assert where.exact(0, 3) == [(4, 7)]
    assert where.exact(4, 7) == [(0, 3)]
    assert where.exact(2, 5) == []


def test_a_repeated_range_is_found_everywhere():
    """A copy taken twice holds a range twice."""
    assert _map(Rope((Copy(0, 5), Copy(0, 5))), 5).exact(1, 3) == [(1, 3), (6, 8)]


def test_inserts_stand_for_what_they_replace():
    """A replaced range is found at the insert that stands for it, through later edits, while the insert is whole."""
    replace = Rope((Copy(0, 4), Insert("longer", (4, 7)), Copy(7, 10)))
    segment = TextSegment(TextSize(10))
    segment.push(replace)
    assert segment.map().replaced(4, 7) == [(4, 10)]
    segment.push(Rope((Insert("> "), Copy(0, 13))))
    assert segment.map().replaced(4, 7) == [(6, 12)]
    segment.push(Rope((Copy(0, 8), Insert("!"), Copy(8, 15))))
    assert segment.map().replaced(4, 7) == []


def test_an_insert_for_a_replaced_word_stands_for_the_first():
    """Replacing a replacement stands for the word of the source."""
    first = [Copy(0, 4), Insert("long", (4, 6)), Copy(6, 9)]
    second = [Copy(0, 4), Insert("short", (4, 8)), Copy(8, 11)]
    composed = compose(first, second)
    assert TextMap(composed).replaced(4, 6) == [(4, 9)]


def test_donors_text_has_no_place_in_the_source():
    """Copies of a donor render its text and hold no range of the source."""
    pieces = compose([Copy(0, 3)], [Copy(0, 3), Copy(0, 2, 0)])
    assert render("abc", pieces, ["XY"]) == "abcXY"
    assert TextMap(pieces).exact(0, 2) == [(0, 2)]


def test_only_ropes_are_taken():
    """Another effect is refused and leaves nothing."""
    segment = TextSegment(TextSize(3))
    assert not segment.push(Warp((1.0,) * 9, (3, 3)))
    assert segment.empty
    assert segment.map() is None


@pytest.mark.parametrize("pieces", [(), (Insert(""),), (Copy(2, 2),)])
def test_a_text_may_become_empty(pieces):
    """An edit may leave nothing."""
    segment = TextSegment(TextSize(3))
    assert segment.push(Rope(pieces))
    assert segment.size == TextSize(0)
    assert render("abc", segment.pieces) == ""
    assert segment.map().exact(0, 1) == []


def _map(rope, n):
    segment = TextSegment(TextSize(n))
    segment.push(rope)
    return segment.map()


def test_the_same_text_stays_the_same_through_edits_that_are():
    """An insert that is its text written otherwise stays so over copies and others like it, and over no replacement."""
    same = [Insert("x", (0, 2), True), Copy(2, 6)]
    over = [Insert("yy", (0, 3), True), Copy(3, 5)]
    assert compose(same, over) == [Insert("yy", (0, 4), True), Copy(4, 6)]
    other = [Insert("x", (0, 2)), Copy(2, 6)]
    assert compose(other, over)[0] == Insert("yy", (0, 4), False)
    gone = [Insert("", (0, 2), True), Copy(2, 6)]
    assert compose(gone, [Copy(0, 4)]) == gone
