"""The conformance checks of kinds: canonical values, storage, and the parts of anchor, target, column and mixture."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from augury.catalog import Entry
from augury.effects import Copy, Event, Insert, Piece, Rope, Time, Warp
from augury.errors import FieldError, ParamError
from augury.kinds import Kind
from augury.params import json_schema
from augury.spaces import geometry, segment_class
from augury.testing.effects import has_exceptions, loads_its_exceptions
from augury.testing.materials import anchor_kind, kind_of
from augury.testing.suite import Suite, refusal


@dataclass(frozen=True, eq=False)
class KindCase:
    """A kind with its samples in canonical form."""

    entry: Entry
    kind: Kind

    def __str__(self) -> str:
        return f"with {self.kind.to_dict()}"

    @cached_property
    def values(self) -> list[Any]:
        """The kind's samples, canonical."""
        return [self.kind.check(v) for v in self.kind.samples()]

    def same(self, a: Any, b: Any, what: str) -> None:
        """Assert that two canonical values are equal by the kind's own digest."""
        assert self.kind.equal(a, b), f"{what}: {a!r:.300} is not {b!r:.300}"


def _cases(entry: Entry) -> list[KindCase]:
    return [KindCase(entry, entry.load()())]


KINDS = Suite("kinds", _cases)
check = KINDS.check


def _anchor(case: KindCase) -> bool:
    return case.kind.space not in (None, "row")


def _column(case: KindCase) -> bool:
    return case.kind.space == "row"


def _target(case: KindCase) -> bool:
    return bool(case.kind.follows)


@check()
def loads(case: KindCase) -> None:
    """The spec's target is a kind that works with no parameters, knows its id and rejects unknown ones.

    Troubleshooting: give every parameter a default; correct the spec's target.
    """
    assert isinstance(case.kind, Kind), f"{case.entry.spec.target} is not a Kind"
    assert case.kind.entry_id == case.entry.id
    assert case.entry.spec.summary, "the spec has no summary"
    json.dumps(json_schema(type(case.kind)))
    refusal(ParamError, "an unknown option", type(case.kind).build, {"no_such_option": 1})


@check()
def pickles(case: KindCase) -> None:
    """The kind crosses processes and comes back equal.

    Troubleshooting: keep parameters plain; a kind has no other state.
    """
    assert pickle.loads(pickle.dumps(case.kind)) == case.kind


@check()
def gives_samples(case: KindCase) -> None:
    """``samples()`` gives at least two different values.

    Troubleshooting: return a few small values that differ, an edge case among them.
    """
    digests = {case.kind.digest(v) for v in case.values}
    assert len(digests) >= 2, "samples() needs at least two different values"


@check()
def check_is_idempotent(case: KindCase) -> None:
    """A canonical value passes ``check`` as the same value, and unharmed.

    Troubleshooting: ``check`` must accept its own results and return them unchanged.
    """
    for value in case.values:
        before = case.kind.digest(value)
        case.same(case.kind.check(value), value, "check(value)")
        assert case.kind.digest(value) == before, "check() changed its argument"


@check()
def refuses_foreign_objects(case: KindCase) -> None:
    """An object of no use is refused with a FieldError in the house's template.

    Troubleshooting: raise FieldError(describe("", expected, type_name(value), fix=...)) from ``check``.
    """
    for foreign in (object(), [object()], {"no": "such value"}, 3 + 4j):
        refusal(FieldError, f"check({foreign!r})", case.kind.check, foreign)


@check()
def digests_tell_values_apart(case: KindCase) -> None:
    """Equal values have equal digests, different samples different ones, in any order of asking.

    Troubleshooting: ``digest`` must cover everything of the value (shape, dtype, rate, labels) and nothing else.
    """
    first = [case.kind.digest(v) for v in case.values]
    again = [case.kind.digest(v) for v in [case.kind.check(v) for v in case.kind.samples()][::-1]][::-1]
    assert first == again, "the digest of a value changes from call to call"
    assert len(set(first)) == len(first), "different samples have the same digest"


@check()
def packs_and_unpacks(case: KindCase) -> None:
    """What is packed and unpacked is the same value.

    Troubleshooting: ``unpack`` must undo ``pack``; payloads need a lossless encoding.
    """
    for value in case.values:
        before = case.kind.digest(value)
        case.same(case.kind.unpack(case.kind.pack(value)), value, "unpack(pack(value))")
        assert case.kind.digest(value) == before, "pack() changed its argument"


@check()
def survives_arrow(case: KindCase) -> None:
    """Values and a missing one survive a column of the kind's Arrow type.

    Troubleshooting: ``arrow()`` must hold what ``pack`` makes, exactly: mind float widths and integer ranges.
    """
    import pyarrow as pa

    stored = [case.kind.pack(v) for v in case.values]
    column = [{"bytes": s, "path": None} for s in stored] if case.kind.payload else stored
    array = pa.array([*column, None], type=case.kind.arrow())
    array.validate(full=True)
    *back, missing = array.to_pylist()
    assert missing is None
    for value, entry in zip(case.values, back, strict=True):
        case.same(case.kind.unpack(entry["bytes"] if case.kind.payload else entry), value, "through Arrow")


@check(when=_anchor)
def has_a_size(case: KindCase) -> None:
    """Every sample has a size of the kind's space.

    Troubleshooting: return PlaneSize, TextSize, EventsSize or TimeSize from ``size``.
    """
    names = {"plane": "PlaneSize", "text": "TextSize", "events": "EventsSize", "time": "TimeSize"}
    for value in case.values:
        size = case.kind.size(value)
        assert type(size).__name__ == names.get(case.kind.space or "", type(size).__name__)


@check(when=_anchor)
def renders_nothing_as_nothing(case: KindCase) -> None:
    """Rendering an empty segment, or one that moves nothing, gives the same value.

    Troubleshooting: ``render`` of identity effects must copy exactly; check half-pixel offsets and rounding.
    """
    for value in case.values:
        size = case.kind.size(value)
        empty = segment_class(case.kind.space or "")(size)
        case.same(case.kind.render(value, empty), value, "render(an empty segment)")
        still = segment_class(case.kind.space or "")(size)
        assert still.push(_move(case.kind.space or "", size, 0)[0])
        case.same(case.kind.render(value, still), value, "render(identity)")


@check(when=_anchor)
def renders_there_and_back(case: KindCase) -> None:
    """A value moved onto a larger canvas and back is the same value, in two segments as in one.

    Troubleshooting: whole-pixel, whole-sample and whole-character moves must be exact copies.
    """
    space = case.kind.space or ""
    for value in case.values:
        there, back = _move(space, case.kind.size(value), 5)
        together = segment_class(space)(case.kind.size(value))
        assert together.push(there)
        assert together.push(back)
        case.same(case.kind.render(value, together), value, "there and back in one segment")
        first = segment_class(space)(case.kind.size(value))
        assert first.push(there)
        moved = case.kind.render(value, first)
        assert case.kind.size(moved) == first.size, "render() does not give the segment's size"
        second = segment_class(space)(first.size)
        assert second.push(back)
        case.same(case.kind.render(moved, second), value, "there and back in two segments")


@check(when=lambda case: type(case.kind).moments is not Kind.moments)
def cuts_in_time(case: KindCase) -> None:
    """Moments ascend; a cut gives the parts before it and the parts from it on, and loses none.

    Troubleshooting: ``cut`` must part at the moments that ``moments`` tells, an equal one going to the future.
    """
    for value in case.values:
        moments = list(case.kind.moments(value))
        assert moments == sorted(moments), f"moments are out of order: {moments}"
        for at in (*moments, float("-inf"), float("inf")):
            history, future = case.kind.cut(value, at)
            for side in (history, future):
                case.same(case.kind.check(side), side, f"a side of the cut at {at}")
            before, after = list(case.kind.moments(history)), list(case.kind.moments(future))
            assert before + after == moments, f"cut at {at}: {before} and {after} of {moments}"
            assert all(moment < at for moment in before) and all(moment >= at for moment in after)


@check(when=_target)
def closes_what_it_opens(case: KindCase) -> None:
    """A carried value that followed nothing closes as the value it was.

    Troubleshooting: ``close(open(value))`` must be exact; keep what the carried form would lose.
    """
    for space in sorted(case.kind.follows):
        size = _size_of(case, space)
        for value in case.values:
            before = case.kind.digest(value)
            case.same(case.kind.close(case.kind.open(value, size), size), value, f"close(open(value)) on {size}")
            assert case.kind.digest(value) == before, "open() changed its argument"


@check(when=_target)
def follows_what_does_not_move(case: KindCase) -> None:
    """Following the identity changes nothing.

    Troubleshooting: ``follow`` loses precision or drops something that is still inside.
    """
    for space in sorted(case.kind.follows):
        size = _size_of(case, space)
        for value in case.values:
            still = _followed(case, value, space, size, _move(space, size, 0)[:1])
            case.same(still, value, f"after the identity in {space}")


@check(when=_target)
def follows_there_and_back(case: KindCase) -> None:
    """A target follows its anchor onto a larger canvas, and back to where it was.

    Troubleshooting: ``follow`` must map every part of the value; positions are continuous and clipped by the map only.
    """
    for space in sorted(case.kind.follows):
        size = _size_of(case, space)
        there, back = _move(space, size, 5)
        moved = [_followed(case, value, space, size, (there,)) for value in case.values]
        for value, shifted in zip(case.values, moved, strict=True):
            case.same(_followed(case, value, space, size, (there, back)), value, f"there and back in {space}")
            if not case.kind.is_empty(value):
                assert not case.kind.equal(shifted, value), f"it does not move in {space}: {value!r:.200}"


@check(when=lambda case: "plane" in case.kind.follows)
def merges_one_whole_part(case: KindCase) -> None:
    """Layers of one part that fills the canvas leave a target as it is.

    Troubleshooting: ``merge`` of one part must equal following its map.
    """
    from augury.spaces.plane import PlaneMap

    size = _size_of(case, "plane")
    frame = geometry.rectangle(size.width, size.height)
    for value in case.values:
        whole = PlaneMap(geometry.IDENTITY, size, size, clips=[frame], hides=[])
        merged = case.kind.merge([(case.kind.open(value, size), whole)], size)
        case.same(case.kind.close(merged, size), value, "merge of one whole part")


@check(when=_column)
def makes_columns(case: KindCase) -> None:
    """Values and missing ones survive the array that row functions are given.

    Troubleshooting: ``from_column`` must undo ``to_column``, with None for what is missing.
    """
    values = [*case.values, None]
    column = case.kind.to_column(values)
    assert len(column) == len(values), "to_column() changes the number of rows"
    *back, missing = case.kind.from_column(column)
    assert missing is None, f"a missing value came back as {missing!r}"
    for value, entry in zip(case.values, back, strict=True):
        case.same(case.kind.check(entry), value, "from_column(to_column(value))")
    assert list(case.kind.from_column(case.kind.to_column([]))) == []


@check(when=lambda case: case.kind.lifts_to is not None)
def lifts_and_mixes(case: KindCase) -> None:
    """A lifted value is canonical in the kind it is lifted to, and a mix of one is the lifted value.

    Troubleshooting: ``lift`` and ``mix`` must return canonical values of the kind that ``lifts_to`` names.
    """
    higher = kind_of(case.kind.lifts_to or "")
    for value in case.values:
        lifted = case.kind.lift(value)
        assert higher.equal(higher.check(lifted), lifted), "lift() is not canonical"
        assert higher.equal(higher.check(case.kind.mix([value], [1.0])), lifted), "mix() of one value is not its lift"


check(when=has_exceptions)(loads_its_exceptions)


def _size_of(case: KindCase, space: str) -> Any:
    anchor = anchor_kind(space, case.entry.dist)
    return anchor.size(anchor.check(anchor.samples()[0]))


def _move(space: str, size: Any, by: int) -> tuple[Any, Any]:
    """Return an exact move onto a canvas larger by twice ``by``, and the move back."""
    if space == "plane":
        larger = (size.height + 2 * by, size.width + 2 * by)
        there = Warp(geometry.translation(by, by), larger)
        return there, Warp(geometry.translation(-by, -by), (size.height, size.width))
    if space in ("text", "events"):
        n = size.length
        new = "~" * by if space == "text" else (Event("~"),) * by
        there_rope = Rope((Insert(new), Copy(0, n), Insert(new)))
        return there_rope, Rope((Copy(by, by + n),))
    n = size.samples
    later = Time((Piece(0, n, by, by + n),), n + 2 * by)
    return later, Time((Piece(by, by + n, 0, n),), n)


def _followed(case: KindCase, value: Any, space: str, size: Any, moves: tuple[Any, ...]) -> Any:
    """Return ``value`` after following each move in a segment of its own."""
    carried = case.kind.open(value, size)
    for move in moves:
        segment = segment_class(space)(size)
        assert segment.push(move)
        carried = case.kind.follow(carried, segment.map())
        size = segment.size
    return case.kind.close(carried, size)
