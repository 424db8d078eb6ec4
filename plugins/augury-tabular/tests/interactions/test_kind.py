"""Histories: what is taken, how it is put in order, and what is refused with which words."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import polars
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import FieldError, ParamError, RecipeError
from augury.testing.suite import TEMPLATE
from augury_tabular.interactions.history import History
from augury_tabular.interactions.kind import Interactions

EVENTS = st.lists(
    st.fixed_dictionaries(
        {"item": st.sampled_from("abcde"), "time": st.integers(-50, 50)},
        optional={"rating": st.none() | st.floats(0, 5)},
    ),
    max_size=12,
)


@given(EVENTS)
def test_events_are_sorted_by_time_and_ties_keep_their_order(events):
    """The canonical order is Python's stable sort by time; nothing is lost, repeated events are kept."""
    history = Interactions().check(events)
    expected = sorted(events, key=lambda event: event["time"])
    assert history.item.tolist() == [event["item"] for event in expected]
    assert history.time.tolist() == [event["time"] for event in expected]


@given(EVENTS, st.floats(-60, 60))
def test_a_cut_parts_events_before_a_moment_from_the_rest(events, at):
    """History and future are the events before, and at or after, the moment; together they are all."""
    kind = Interactions()
    whole = kind.check(events)
    history, future = kind.cut(whole, at)
    assert history.time.tolist() == [t for t in whole.time.tolist() if t < at]
    assert future.time.tolist() == [t for t in whole.time.tolist() if t >= at]
    assert kind.pack(history) + kind.pack(future) == kind.pack(whole)
    assert kind.moments(whole).tolist() == sorted(e["time"] for e in events)


@given(EVENTS, st.sampled_from(["float", "integer", "none"]))
def test_arrow_readers_of_others_get_the_same_events(events, time):
    """What is packed and read by polars is what was given."""
    kind = Interactions(time=time)
    value = kind.check([{k: v for k, v in e.items() if k != "time" or time != "none"} for e in events])
    frame = polars.from_arrow(pa.table({"h": pa.array([kind.pack(value)], kind.arrow())}))
    read = frame["h"].to_list()[0]
    assert read == kind.pack(value)
    assert kind.equal(kind.unpack(read), value)


def test_columns_events_and_histories_are_one_value():
    """Lists of events, columns, numpy columns and a history of another kind give equal values."""
    kind = Interactions()
    events = [{"item": 7, "time": 1, "rating": 2.5}, {"item": "b", "time": 2}]
    value = kind.check(events)
    assert value.item.tolist() == ["7", "b"]
    assert kind.equal(kind.check({"item": ["7", "b"], "time": [1, 2], "rating": [2.5, None]}), value)
    assert kind.equal(
        kind.check({"item": np.array(["7", "b"]), "time": np.array([1, 2]), "rating": [2.5, np.nan]}), value
    )
    other = Interactions(time="integer").check(events)
    assert kind.equal(kind.check(other), value)
    assert Interactions(time="none", rating=False).check(["b", "a"]).item.tolist() == ["b", "a"]


def test_moments_are_seconds_since_1970():
    """Aware and naive datetimes, ISO text and datetime64 of one moment are one number; offsets are exact."""
    moment = datetime(2024, 2, 29, 12, 30, 0, 250_000, tzinfo=UTC)
    abroad = moment.astimezone(timezone(timedelta(hours=9)))
    forms = [
        moment,
        abroad,
        moment.replace(tzinfo=None),
        "2024-02-29T12:30:00.25",
        np.datetime64("2024-02-29T12:30:00.25"),
    ]
    times = [Interactions().check([{"item": "a", "time": form}]).time[0] for form in forms]
    assert set(times) == {moment.timestamp()}
    mixed = Interactions().check([{"item": "a", "time": moment}, {"item": "b", "time": abroad}])
    assert mixed.time[0] == mixed.time[1]


def test_values_are_immutable():
    """The arrays are read-only."""
    history = Interactions().check([{"item": "a", "time": 1}])
    for column in (history.item, history.time, history.rating):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[0]


NAIVE_AND_AWARE = [{"item": "a", "time": "2024-01-01T00:00"}, {"item": "b", "time": "2024-01-01T00:00+00:00"}]


@pytest.mark.parametrize(
    ("params", "value", "words"),
    [
        ({}, [{"time": 1}], "[0].item: expected a text or whole number, got none"),
        ({}, [{"item": "", "time": 1}], "[0].item"),
        ({}, [{"item": "a", "time": 1}, {"item": "b"}], "[1].time: expected a time, got none"),
        ({}, [{"item": "a", "time": float("inf")}], "[0].time"),
        ({}, [{"item": "a", "time": "yesterday"}], "a number or an ISO 8601 moment"),
        ({}, NAIVE_AND_AWARE, "time: expected a zone on all moments"),
        ({}, [{"item": "a", "time": 1, "ratng": 3}], "Did you mean rating"),
        ({}, {"item": ["a"], "time": [1, 2]}, "columns of one length"),
        ({}, {"time": [1, 2]}, "item among them"),
        ({}, "abc", "a list of events"),
        ({}, [3.5], "an event with item:"),
        ({"time": "integer"}, [{"item": "a", "time": 1.5}], "a whole number"),
        ({"time": "integer"}, [{"item": "a", "time": 2**80}], "64 bits"),
        ({"time": "none"}, [{"item": "a", "time": 1}], "a column of the events"),
        ({"rating_range": (1, 5)}, [{"item": "a", "time": 1, "rating": 6}], "[0].rating: expected 1 to 5"),
        ({"rating_range": (1, 5), "rating_step": 0.5}, [{"item": "a", "time": 1, "rating": 1.2}], "in steps of 0.5"),
        ({}, [{"item": "a", "time": 1, "rating": "good"}], "[0].rating: expected a number"),
        ({"items": ("apple", "pear")}, [{"item": "appel", "time": 1}], "Did you mean apple"),
        ({"context": {"device": "category"}}, [{"item": "a", "time": 1, "device": [1]}], "[0].device"),
    ],
)
def test_bad_histories_are_refused_with_place_and_fix(params, value, words):
    """The message names the event, what was expected and one action."""
    with pytest.raises(FieldError) as caught:
        Interactions(**params).check(value)
    assert words in str(caught.value)
    assert TEMPLATE.search(str(caught.value))


def test_the_mask_is_taken_beside_the_catalogue():
    """A masked history is a value of its field."""
    kind = Interactions(items=("a",))
    assert kind.check([{"item": "[mask]", "time": 1}]).item.tolist() == ["[mask]"]


@pytest.mark.parametrize("params", [{"context": {"item": "number"}}, {"context": {"x": "text"}}, {"items": ("a", "a")}])
def test_wrong_options_are_refused(params):
    """Names that are taken, unknown types and repeated items."""
    with pytest.raises(ParamError):
        Interactions.build(params)


def test_effects_that_break_time_are_refused():
    """An event put where its time does not fit is the op's mistake, and named so."""
    from augury.effects import Copy, Event, Insert, Rope
    from augury.spaces.events import EventsSegment

    kind = Interactions()
    value = kind.check([{"item": "a", "time": 1}, {"item": "b", "time": 2}])
    segment = EventsSegment(kind.size(value))
    assert segment.push(Rope((Copy(0, 1), Insert((Event("c", 9.0),)), Copy(1, 2))))
    with pytest.raises(RecipeError, match="one out of order"):
        kind.render(value, segment)


def test_what_is_shown_names_items_times_and_ratings():
    """A person sees one line an event."""
    kind = Interactions()
    view = kind.show(kind.check([{"item": "tea", "time": 3, "rating": 4}, {"item": "rye", "time": 5}]))
    assert view.text == "tea @3 \u26054\nrye @5"
    moment = {"item": "tea", "time": "2024-02-29T12:30:00"}
    assert kind.show(kind.check([moment])).text == "tea @2024-02-29 12:30:00"
    assert isinstance(kind.check([]), History)
