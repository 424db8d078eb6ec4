"""Edits of histories: what happened moves, when it happened stays in order, at once as one by one."""

from hypothesis import given
from hypothesis import strategies as st

from augury.effects import Copy, Event, Insert, Rope
from augury.spaces.events import EventsSegment, EventsSize, origins


@st.composite
def edits(draw, length):
    """A rope on a history: copies in any order, repeated or not, and inserts that belong to an event or to none."""
    pieces = []
    for _ in range(draw(st.integers(0, 4))):
        a = draw(st.integers(0, length))
        b = draw(st.integers(a, length))
        if draw(st.booleans()):
            pieces.append(Copy(a, b))
        else:
            place = draw(st.integers(0, max(length - 1, 0)))
            belongs = (place, place + 1) if length and draw(st.booleans()) else None
            pieces.append(Insert((Event("new"),), belongs))
    return Rope(tuple(pieces))


def apply(events, rope):
    """Do an edit by hand on a list of (item, time): the oracle. Times of kept events are handed out in order."""
    kept = sorted(i for p in rope.pieces if isinstance(p, Copy) for i in range(p.a, p.b))
    clocks = iter([events[i][1] for i in kept])
    out = []
    for piece in rope.pieces:
        if isinstance(piece, Copy):
            out += [(item, next(clocks)) for item, _ in events[piece.a : piece.b]]
        else:
            out += [(event.item, None) for event in piece.text]
    known = next((time for _, time in out if time is not None), None)
    done = []
    for item, time in out:
        known = known if time is None else time
        done.append((item, known))
    return done


def render(events, segment):
    """Put a segment's pieces and times together."""
    items = []
    for piece in segment.pieces:
        items += [e[0] for e in events[piece.a : piece.b]] if isinstance(piece, Copy) else [e.item for e in piece.text]
    times = [None if w < 0 else events[w][1] for w in segment.when]
    return list(zip(items, times, strict=True))


@given(st.data(), st.integers(0, 6))
def test_edits_at_once_equal_edits_one_by_one(data, length):
    """Three edits composed give the items and times that doing them by hand, one after another, gives."""
    events = [(f"i{i}", 10 * i) for i in range(length)]
    segment = EventsSegment(EventsSize(length))
    by_hand = events
    for _ in range(3):
        rope = data.draw(edits(len(by_hand)))
        assert segment.push(rope)
        by_hand = apply(by_hand, rope)
        assert segment.size == EventsSize(len(by_hand))
    assert render(events, segment) == by_hand


@given(st.data(), st.integers(1, 6))
def test_origins_compose(data, length):
    """Where each event came from through two edits is where it came from through both at once."""
    first = data.draw(edits(length))
    segment = EventsSegment(EventsSize(length))
    segment.push(first)
    one = origins(segment.map())
    second = data.draw(edits(segment.size.length))
    alone = EventsSegment(segment.size)
    alone.push(second)
    two = origins(alone.map())
    segment.push(second)
    assert origins(segment.map()).tolist() == [-1 if i < 0 else one[i] for i in two]


def test_donors_events_come_as_inserts():
    """A copy from a donor, or another effect, is not taken."""
    segment = EventsSegment(EventsSize(3))
    assert not segment.push(Rope((Copy(0, 1, 0),)))
    assert segment.empty
    assert not segment.push(Event("a"))
