"""Running: many as one, errors in their place, replay, looking, threads, processes."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import augury
from augury.errors import CheckFailed, DataError, EngineError, FieldError, RecipeError
from augury.pipelines import Output

FIELDS = {
    "text": "demo.letters",
    "marks": {"kind": "demo.marks", "of": "text"},
    "x": "number",
    "n": {"kind": "number", "integer": True, "lo": 0},
    "note": "id",
}
RECORD = {"text": "the quick brown fox", "marks": [(4, 9, "adjective")], "x": 1.5, "n": 3, "note": "n"}
STEPS = [{"demo.rotate": {"p": 0.8}}, "demo.shift", {"demo.count": {"p": 0.5}}, {"demo.rotate": {"name": "again"}}]


def _pipe(*steps, **options):
    return augury.pipeline(list(steps) or STEPS, fields=FIELDS, **options)


def test_many_is_one_by_one():
    """A batch of any size gives what single calls give."""
    pipe = _pipe()
    items = [(f"r/{i}", i % 3, {**RECORD, "x": float(i)}) for i in range(40)]
    alone = [pipe(record, seed=5, id=i, copy=copy) for i, copy, record in items]
    for size in (1, 7, 40):
        batched = [o for k in range(0, 40, size) for o in pipe.many(items[k : k + size], seed=5)]
        assert batched == alone
        assert [o.lineage for o in batched] == [o.lineage for o in alone]
    assert pipe.many([], seed=5) == []


def test_each_makes_what_is_asked_for():
    """Items are taken and made one by one where no step acts on rows; the results are those of many."""
    pipe = augury.pipeline(["demo.rotate", "demo.rotate"], fields={"text": "demo.letters"})
    texts = ["one", 2, "three", "four"]
    taken = []
    outputs = pipe.each((taken.append(i) or (str(i), 0, {"text": text}) for i, text in enumerate(texts)), seed=3)
    assert taken == []
    first, second = next(outputs), next(outputs)
    assert taken == [0, 1]
    assert isinstance(second, FieldError)
    rest = pipe.many([(str(i), 0, {"text": text}) for i, text in enumerate(texts)], seed=3)
    assert [first, *outputs] == [rest[0], *rest[2:]]


def test_errors_take_their_own_place():
    """Wrong records of a batch give their error, in order; the others their result."""
    pipe = _pipe()
    good = pipe(RECORD, id="good")
    results = pipe.many([("bad", 0, {"text": 3}), ("good", 0, RECORD), ("odd", 0, {"unknown": 1})])
    assert isinstance(results[0], FieldError)
    assert "'bad'" in str(results[0])
    assert "'text'" in str(results[0])
    assert results[1] == good
    assert isinstance(results[2], FieldError)


def test_row_errors_take_their_own_place():
    """A row function that refuses one row does not take the rest of the batch with it."""
    pipe = _pipe("demo.shift", {"demo.strict": {"least": 0.0}})
    items = [(str(i), 0, {"x": -50.0 if i == 2 else 50.0, "n": 9}) for i in range(5)]
    results = pipe.many(items)
    assert [isinstance(r, Output) for r in results] == [True, True, False, True, True]
    assert isinstance(results[2], DataError)
    assert "'2'" in str(results[2])
    assert results[:2] == [pipe(record, id=i) for i, _, record in items[:2]]


def test_rows_keep_bounds_and_rounding():
    """Results of row ops are held to the column's kind; missing cells stay missing."""
    pipe = _pipe({"demo.shift": {"shift_range": [-7.5, -7.5]}})
    out = pipe({"x": 1.0, "n": 3}, id="r")
    assert (out["x"], out["n"]) == (-6.5, 0)
    assert type(out["n"]) is int
    assert dict(pipe({"n": 9}, id="r")) == {"n": 2}


def test_op_bugs_name_step_and_record():
    """An exception inside an op says which op with which parameters failed on which record."""
    with pytest.raises(EngineError, match=r"record 'r/1', copy 0, step bad.peeks#0: bad.peeks .* raised RuntimeError"):
        _pipe("bad.peeks")(RECORD, id="r/1")


def test_effect_must_not_look():
    """``effect`` may look at nothing, whatever ``reads`` says; ``draw`` only at what ``reads`` names."""
    with pytest.raises(EngineError, match="effect\\(\\) must not look"):
        _pipe("bad.peeks")(RECORD, id="r")


def test_ops_see_the_present_state():
    """Value, targets, links and size are those after everything before."""
    pipe = _pipe({"demo.rotate": {"fraction": 1.0}}, "demo.count")
    for i in range(20):
        out = pipe(RECORD, id=str(i))
        at = out.lineage["steps"][0]["draw"]["at"]
        turned = RECORD["text"][at:] + RECORD["text"][:at]
        marks = 0 if 4 < at < 9 else 1
        assert out.lineage["steps"][1]["draw"]["text"].startswith(f"{marks}{turned[0]}4")
        assert out["text"].endswith(turned)
        if marks:
            a, b, _ = out["marks"][0]
            assert out["text"][a:b] == "quick"


def test_pipelines_say_what_they_read():
    """``reads`` lists the fields whose value some step looks at."""
    assert _pipe().reads == {"text"}
    assert _pipe("demo.rotate").reads == frozenset()


@pytest.mark.parametrize("compile", [True, False])
def test_replay_gives_the_same(compile):
    """A lineage that went through JSON replays to the same record."""
    pipe = _pipe(compile=compile)
    for i in range(20):
        out = pipe(RECORD, seed=5, id=f"r/{i}", copy=i % 2 or None)
        again = pipe.replay(RECORD, json.loads(json.dumps(out.lineage)))
        assert again == out
        assert again.lineage == out.lineage


def test_replay_notices_every_difference():
    """Another draw, version, step, pipeline or missing step is a CheckFailed that names the place."""
    pipe = _pipe("demo.rotate", "demo.shift")
    lineage = pipe(RECORD, id="r").lineage

    def changed(**changes):
        copy = json.loads(json.dumps(lineage))
        copy["steps"][0].update(changes)
        return copy

    shorter = json.loads(json.dumps(lineage))
    del shorter["steps"][1]
    for wrong in (
        changed(draw={"at": -1}),
        changed(version=99),
        changed(op="demo.noop"),
        changed(path="demo.rotate#7"),
        {**lineage, "pipeline": "0" * 32},
        shorter,
    ):
        with pytest.raises(CheckFailed, match=r"demo\.|pipeline"):
            pipe.replay(RECORD, wrong)
    with pytest.raises(CheckFailed):
        pipe.replay({**RECORD, "text": "short"}, lineage)


def test_replay_notices_another_fit():
    """A state fitted on other records is not what the record was made with."""
    steps = ["demo.center"]
    one = _pipe(*steps).fit([("a", {"x": 1.0}), ("b", {"x": 3.0})])
    two = _pipe(*steps).fit([("a", {"x": 1.0}), ("b", {"x": 5.0})])
    out = one({"x": 2.0}, id="r")
    assert out["x"] == 0.0
    assert one.replay({"x": 2.0}, out.lineage) == out
    with pytest.raises(CheckFailed, match=r"demo\.center#0"):
        two.replay({"x": 2.0}, out.lineage)


def test_fit_is_needed_and_does_not_depend_on_order():
    """An unfitted pipeline is refused; records in any order fit the same; the original stays unfitted."""
    pipe = _pipe("demo.center")
    records = [(str(i), {"x": float(i) ** 0.5}) for i in range(50)]
    assert pipe.needs_fit
    with pytest.raises(RecipeError, match="a fitted pipeline"):
        pipe({"x": 1.0})
    one, two = pipe.fit(records), pipe.fit(dict(records[::-1]))
    assert one({"x": 1.0}, id="r").lineage == two({"x": 1.0}, id="r").lineage
    with pytest.raises(RecipeError):
        pipe({"x": 1.0})
    with pytest.raises(DataError, match="at least one training record"):
        pipe.fit([])


def test_lineage_is_json():
    """A lineage is plain JSON with the key, the pipeline's fingerprint and the applied steps."""
    pipe = _pipe()
    lineage = pipe(RECORD, seed=5, id="r", copy=2).lineage
    assert json.loads(json.dumps(lineage)) == lineage
    assert (lineage["seed"], lineage["id"], lineage["copy"]) == (5, "r", 2)
    assert lineage["pipeline"] == pipe.fingerprint


def test_fingerprints_follow_the_meaning():
    """Parameters, names, fields and options change the fingerprint; spelling out a default does not."""
    base = _pipe("demo.shift").fingerprint
    assert _pipe({"demo.shift": {"shift_range": [-1, 1]}}).fingerprint == base
    others = [
        _pipe({"demo.shift": {"shift_range": [-1, 2]}}),
        _pipe({"demo.shift": {"p": 0.5}}),
        _pipe({"demo.shift": {"name": "s"}}),
        _pipe({"demo.shift": {"field": "x"}}),
        augury.pipeline(["demo.shift"], fields={**FIELDS, "n": "number"}),
    ]
    assert len({base, *(p.fingerprint for p in others)}) == 6


def test_explain_tells_the_chain():
    """The explanation names the record, each applied step with its draw, and what was passed by."""
    pipe = _pipe({"demo.rotate": {"p": 0.0, "name": "never"}}, "demo.shift")
    out = pipe(RECORD, id="r")
    trace = []
    pipe.replay(RECORD, out.lineage, trace=trace)
    text = pipe.explain(out.lineage, trace)
    assert "demo.shift" in text
    assert "shift=" in text
    assert "never" in text


def test_inputs_are_left_alone():
    """Records and their values are as they were."""
    record = json.loads(json.dumps(RECORD))
    before = json.dumps(record)
    for i in range(10):
        _pipe()(record, id=str(i))
    assert json.dumps(record) == before


def test_threads_do_not_meet():
    """One pipeline serves many threads at once."""
    pipe = _pipe()
    serial = [dict(pipe(RECORD, id=str(i))) for i in range(200)]
    with ThreadPoolExecutor(8) as threads:
        assert [dict(o) for o in threads.map(lambda i: pipe(RECORD, id=str(i)), range(200))] == serial


def test_pipelines_and_outputs_pickle():
    """A pipeline crosses processes, fitted or not, and gives the same; outputs keep their lineage."""
    pipe = _pipe()
    out = pipe(RECORD, id="r")
    assert pickle.loads(pickle.dumps(pipe))(RECORD, id="r") == out
    assert pickle.loads(pickle.dumps(out)).lineage == out.lineage
    fitted = _pipe("demo.center").fit([("a", {"x": 1.0})])
    assert pickle.loads(pickle.dumps(fitted))({"x": 2.0}, id="r")["x"] == 1.0


def test_partial_leaves_out_what_has_no_field():
    """With partial, steps on fields the schema lacks are left out; without it they are refused."""
    fields = {"x": "number"}
    pipe = augury.pipeline(STEPS, fields=fields, partial=True)
    assert [s["path"] for s in pipe({"x": 1.0}, id="r").lineage["steps"]] == ["demo.shift#0"]
    with pytest.raises(RecipeError, match=r"one field of kind demo\.letters"):
        augury.pipeline(STEPS, fields=fields)


def test_compiled_and_not_agree():
    """Compiled or not: the same draws, values and targets, over many keys."""
    fused, plain = _pipe(), _pipe(compile=False)
    for i in range(100):
        one, two = fused(RECORD, id=str(i)), plain(RECORD, id=str(i))
        assert one == two
        assert one.lineage["steps"] == two.lineage["steps"]
