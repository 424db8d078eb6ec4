"""What a result depends on: the key of each step, and nothing else."""

import pytest

import augury
from augury.errors import RecipeError

TEXT = "abcdefghijklmnopqrstuvwxyz"
FIELDS = {"text": "demo.letters"}
IDS = [f"r/{i}" for i in range(200)]


def _pipe(*steps, fields=FIELDS, **options):
    return augury.pipeline(list(steps), fields=fields, **options)


def _draws(pipe, record_id="r/0", record=None, copy=0, seed=7):
    lineage = pipe(record or {"text": TEXT}, seed=seed, id=record_id, copy=copy).lineage
    return {step["path"]: step.get("draw") for step in lineage["steps"]}


def test_results_follow_the_whole_key():
    """Seed, id and copy each change the draw; None is a copy of its own; the same key repeats."""
    pipe = _pipe("demo.rotate")
    runs = [{}, {"seed": 8}, {"record_id": "r/1"}, {"copy": 1}, {"copy": None}]
    drawn = [next(iter(_draws(pipe, **{"record": {"text": TEXT * 1000}, **key}).values()))["at"] for key in runs]
    assert len(set(drawn)) == len(runs)
    assert drawn[0] == _draws(pipe, record={"text": TEXT * 1000})["demo.rotate#0"]["at"]


def test_the_gate_is_independent_of_the_draws():
    """Where a step is applied its draws are those of p 1, and p decides by one number for all p."""
    full, half, some = (_pipe({"demo.rotate": {"p": p}}) for p in (1.0, 0.5, 0.2))
    applied = 0
    for i in IDS:
        all_draws, half_draws, some_draws = _draws(full, i), _draws(half, i), _draws(some, i)
        assert all_draws | half_draws == all_draws
        assert half_draws | some_draws == half_draws, "p 0.2 applies where p 0.5 does not"
        applied += len(half_draws)
    assert 70 <= applied <= 130


def test_parameters_leave_other_numbers_alone():
    """Changing a step's range changes its own draw only."""
    one = _draws(_pipe({"demo.rotate": {"fraction": 0.5, "name": "a"}}, {"demo.rotate": {"name": "b"}}))
    two = _draws(_pipe({"demo.rotate": {"fraction": 1.0, "name": "a"}}, {"demo.rotate": {"name": "b"}}))
    assert one["b"] == two["b"]


def test_inserting_before_a_named_step_leaves_its_draws():
    """A named step draws the same whatever is put before it; an unnamed twin is warned about."""
    before = _draws(_pipe({"demo.rotate": {"name": "mine"}}))
    pipe = _pipe("demo.rotate", {"demo.rotate": {"name": "mine"}})
    assert _draws(pipe)["mine"] == before["mine"]
    assert pipe.warnings == ()
    twins = _pipe("demo.rotate", "demo.rotate")
    assert list(_draws(twins)) == ["demo.rotate#0", "demo.rotate#1"]
    assert any("occurs 2 times unnamed" in warning for warning in twins.warnings)


def test_paths_name_their_groups():
    """A step's path is its groups' names and its own; repeat counts."""
    pipe = _pipe(
        {"sequence": {"name": "outer", "steps": [{"repeat": {"times": 2, "steps": [{"demo.rotate": {"name": "r"}}]}}]}},
        {"demo.twice": {"name": "macro"}},
    )
    paths = list(_draws(pipe))
    assert paths == ["outer/repeat#0@0/r", "outer/repeat#0@1/r", "macro/one", "macro/two"]
    draws = _draws(pipe, record={"text": TEXT * 1000})
    assert draws[paths[0]] != draws[paths[1]], "repetitions draw alike"


def test_the_same_name_twice_is_refused():
    """Names are unique among siblings, and may return in another group."""
    with pytest.raises(RecipeError, match="a name of its own"):
        _pipe({"demo.rotate": {"name": "x"}}, {"demo.noop": {"name": "x"}})
    _pipe({"demo.rotate": {"name": "x"}}, {"sequence": [{"demo.rotate": {"name": "x"}}]})


def test_one_draw_for_all_fields_or_one_each():
    """A list of fields shares one draw; with independent each field has its own, even with long, similar names."""
    names = ["a_rather_long_field_name_1", "a_rather_long_field_name_2"]
    fields = dict.fromkeys(names, "demo.letters")
    record = dict.fromkeys(names, TEXT)
    shared = _pipe({"demo.rotate": {"field": names}}, fields=fields)
    apart = _pipe({"demo.rotate": {"field": names, "independent": True}}, fields=fields)
    differ = 0
    for i in IDS:
        out = shared(record, id=i)
        assert out[names[0]] == out[names[1]]
        assert len(out.lineage["steps"]) == 1
        out = apart(record, id=i)
        differ += out[names[0]] != out[names[1]]
        assert [s["path"] for s in out.lineage["steps"]] == [f"demo.rotate#0:{name}" for name in names]
    assert differ > 150


def test_independent_draws_do_not_depend_on_the_other_fields():
    """A field's own draw is the same whether the record has the other field or not."""
    fields = {"a": "demo.letters", "b": "demo.letters"}
    pipe = _pipe({"demo.rotate": {"field": ["a", "b"], "independent": True}}, fields=fields)
    for i in IDS[:20]:
        both, alone = pipe({"a": TEXT, "b": TEXT}, id=i), pipe({"b": TEXT}, id=i)
        assert both["b"] == alone["b"]


def test_order_of_calls_and_other_records_do_not_matter():
    """Forwards, backwards, many at once and alone give the same."""
    pipe = _pipe({"demo.rotate": {"p": 0.7, "name": "a"}}, {"demo.rotate": {"name": "b"}})
    forwards = [dict(pipe({"text": TEXT}, id=i)) for i in IDS]
    assert [dict(pipe({"text": TEXT}, id=i)) for i in IDS[::-1]] == forwards[::-1]
    assert [dict(out) for out in pipe.many([(i, 0, {"text": TEXT}) for i in IDS])] == forwards
