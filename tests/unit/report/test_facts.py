"""Facts: plain JSON there and back, and damage that is named."""

import json

import pytest

from augury.errors import DataError
from augury.report.facts import Facts

STAGE = {"name": "collect", "seconds": 1, "records_in": 3, "records_out": 3}


def test_there_and_back(facts, made_rows):
    """Facts that went through JSON are the same facts."""
    whole = facts(
        stages=[STAGE],
        synthesis=[made_rows(), made_rows(gate=None, inner=None, evaluation=None)],
        split={"sides": {"train": 3}, "asked": {"train": 1}, "deviation": 0, "strata": {}, "empty": []},
        rejected={"short": {"count": 1, "examples": [{"id": "a", "detail": "b"}]}},
    )
    assert Facts.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"surprise": 1}, "facts.surprise"),
        ({"seed": True}, "facts.seed"),
        ({"stages": [STAGE, {"name": "x"}]}, r"facts.stages\[1\].records_in"),
        ({"stages": [STAGE | {"seconds": float("nan")}]}, r"facts.stages\[0\].seconds"),
        ({"classes_after": {"a": {"train": {"cat": "many"}}}}, "facts.classes_after.a.train.cat"),
        ({"synthesis": [{"title": 3}]}, r"facts.synthesis\[0\].evaluation"),
        ({"warnings": [3]}, r"facts.warnings\[0\]"),
    ],
)
def test_damage_is_named(facts, change, place):
    """An entry that is unknown, missing or of another type is told by its place, with what to do."""
    with pytest.raises(DataError, match=f"^{place}: expected .*Fix: "):
        Facts.from_dict(facts().to_dict() | change)


def test_what_must_be_there(facts):
    """The seed is no guess."""
    document = facts().to_dict()
    del document["seed"]
    with pytest.raises(DataError, match=r"facts\.seed: expected to be there"):
        Facts.from_dict(document)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"facts": 3}', '{"facts": {}}'])
def test_a_damaged_report_is_refused(tmp_path, text):
    """What is not a report's JSON is told, not raised from within."""
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(DataError, match="Fix: "):
        Facts.load(tmp_path)
    with pytest.raises(DataError, match="got none"):
        Facts.load(tmp_path / "nowhere")
