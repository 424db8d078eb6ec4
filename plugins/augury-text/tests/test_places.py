"""Where ranges are after an edit, against a map that follows every character by itself."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from augury.effects import Copy, Insert
from augury.spaces.text import TextMap
from augury_text.edits import outside
from augury_text.places import Places

LENGTH = 12
ENDS = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).filter(lambda p: p[0] < p[1])
COPIES = ENDS.map(lambda p: Copy(*p))
INSERTS = st.builds(Insert, st.sampled_from(["", "x", "yz"]), st.none() | ENDS)


@given(pieces=st.lists(COPIES | INSERTS, max_size=8), given=ENDS)
def test_exact_is_what_the_core_says(pieces, given):
    """The index finds the places that the plain walk over the pieces finds."""
    where = TextMap(pieces)
    assert Places(where).exact(*given) == where.exact(*given)


@given(cuts=st.lists(st.integers(0, LENGTH), max_size=6), order=st.permutations(range(7)), given=ENDS)
def test_image_follows_every_character(cuts, order, given):
    """When a text is cut and put together in any order, a range has an image where its characters still are a run."""
    ends = sorted({0, LENGTH, *cuts})
    pieces = [Copy(a, b) for a, b in pairwise(ends)]
    pieces = [pieces[i] for i in order if i < len(pieces)]
    new = [at for piece in pieces for at in range(piece.a, piece.b)]
    wanted = list(range(*given))
    first = new.index(given[0])
    run = new[first : first + len(wanted)] == wanted
    assert Places(TextMap(pieces)).image(*given) == ([(first, first + len(wanted))] if run else [])


def test_image_of_changed_ranges():
    """A range that was changed inside has an image; one in two places, or that is gone, has none."""
    apart = Places(TextMap([Copy(0, 2), Copy(4, 8), Copy(2, 4)]))
    assert apart.image(0, 4) == []
    changed = Places(TextMap([Copy(0, 2), Insert("xyz", (2, 3)), Copy(3, 8)]))
    assert changed.image(0, 4) == [(0, 6)]
    assert changed.image(5, 6) == [(7, 8)]
    assert Places(TextMap([Copy(0, 2)])).image(3, 4) == []
    assert Places(TextMap([Insert("xyz", (0, 9))])).image(3, 4) == []


@given(words=st.lists(ENDS, max_size=6), ranges=st.lists(ENDS, max_size=6))
def test_outside(words, ranges):
    """Words are free that share no character with any range."""
    apart = []
    for word in sorted(words):
        if not apart or word[0] >= apart[-1][1]:
            apart.append(word)
    taken = {at for start, end in ranges for at in range(start, end)}
    assert outside(apart, ranges) == [w for w in apart if not taken.intersection(range(*w))]
