"""Fitted states on disk: equal in value and type, nothing pickled; a run that is gone on with does not fit again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augury.dataset import building, run, training
from augury.dataset.states import load_states, save_states
from augury.errors import EngineError
from augury.pipelines import Pipeline
from augury.recipe.model import Source

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8)
ARRAYS = hnp.arrays(
    st.sampled_from(["f8", "f4", "i8", "u1", "?", "U3", "M8[s]"]), hnp.array_shapes(min_dims=0, min_side=0, max_side=4)
)
SCALARS = st.floats(width=32).map(np.float32) | st.integers(0, 255).map(np.uint8)
KEYS = st.text(max_size=3) | st.just("$") | st.integers(0, 9) | st.tuples(st.integers(0, 3))
VALUES = st.recursive(
    PLAIN | ARRAYS | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    """Whether two states are equal in value and in type, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return a == b or (a != a and b != b)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_states_come_back_as_they_were(tmp_path_factory, states):
    """Values, types, the order of keys, NaN, arrays of any shape."""
    folder = tmp_path_factory.mktemp("states")
    assert load_states(folder) is None
    assert save_states(folder, states)
    assert same(load_states(folder), states)


@pytest.mark.parametrize("value", [{1, 2}, np.array([None]), object(), b"bytes", [len]])
def test_what_is_no_plain_value_is_not_kept(tmp_path, value):
    """Nothing is written; the run fits again."""
    assert not save_states(tmp_path, {"step": {"a": value}})
    assert not list(tmp_path.iterdir()) and load_states(tmp_path) is None


@pytest.fixture
def fits(monkeypatch):
    """The pipelines that are fitted, in order."""
    seen = []
    real = Pipeline.fit
    monkeypatch.setattr(Pipeline, "fit", lambda self, records: seen.append(self) or real(self, records))
    return seen


def test_what_was_learned_is_not_learned_again(tmp_path, people, write_jsonl, make_recipe, monkeypatch, fits):
    """A run that failed after its fit goes on with what is kept, to the same rows."""
    write_jsonl(tmp_path / "rows.jsonl", people)
    steps = [{"table.smote": {"k": 2}}, "table.jitter"]
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=steps)
    untouched = run(recipe, tmp_path / "untouched").content_hash
    assert len(fits) == 1
    with monkeypatch.context() as broken, pytest.raises(EngineError):
        broken.setattr(building._Making, "_augment", lambda *_: (_ for _ in ()).throw(MemoryError("full")))
        run(recipe, tmp_path / "out")
    assert len(fits) == 2
    manifest = run(recipe, tmp_path / "out")
    assert len(fits) == 2 and manifest.content_hash == untouched
    stages = {stage["name"]: stage["records"] for stage in manifest.data["stages"]}
    assert stages["fit"] == manifest.data["split"]["sides"]["train"]


def test_a_state_that_cannot_be_kept_is_learned_again(tmp_path, people, write_jsonl, make_recipe, monkeypatch, fits):
    """The run ends all the same."""
    monkeypatch.setattr(training, "save_states", lambda folder, states: False)
    write_jsonl(tmp_path / "rows.jsonl", people)
    recipe = make_recipe(tmp_path, [Source("rows", "jsonl", "rows.jsonl")], steps=["table.jitter"])
    with monkeypatch.context() as broken, pytest.raises(EngineError):
        broken.setattr(building._Making, "_augment", lambda *_: (_ for _ in ()).throw(MemoryError("full")))
        run(recipe, tmp_path / "out")
    run(recipe, tmp_path / "out")
    assert len(fits) == 2
