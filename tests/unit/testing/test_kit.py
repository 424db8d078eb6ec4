"""The kit itself: good entries pass every check, and each broken one fails the check that is about it."""

import pytest

from augury.catalog import registry
from augury.errors import PluginBroken
from augury.testing import OpConformance, kinds_of, ops_of, outcomes
from augury.testing.couplings import COUPLINGS
from augury.testing.effects import EFFECTS
from augury.testing.kinds import KINDS
from augury.testing.ops import OPS
from augury.testing.suite import Conformance
from tests.plugins.demo_dist import demo_installed


@pytest.fixture(scope="module", autouse=True)
def demo(tmp_path_factory):
    """Have the demo distribution installed."""
    with demo_installed(tmp_path_factory.mktemp("site")):
        yield


def _failed(suite, entry_id):
    entry = registry().get(suite.group, entry_id)
    pairs = [(e, c) for e, c in suite.pairs("augury-demo") if e is entry]
    failed = {}
    for _, check in pairs:
        try:
            suite.run(entry, check)
        except Exception as error:
            failed[check.name] = error
    return failed, [check.name for _, check in pairs]


GOOD_OPS = ["rotate", "noop", "splice", "shift", "center", "twice", "count", "split", "strict"]


@pytest.mark.parametrize("name", GOOD_OPS)
def test_good_ops_pass(name):
    """An op that keeps the contract passes every check that applies."""
    failed, ran = _failed(OPS, f"demo.{name}")
    assert failed == {}
    assert len(ran) >= 15


@pytest.mark.parametrize("name", ["letters", "marks", "points"])
def test_good_kinds_pass(name):
    """A kind that keeps the contract passes every check that applies."""
    failed, _ = _failed(KINDS, f"demo.{name}")
    assert failed == {}


BROKEN = {
    "bad.global_random": {
        "repeats_itself",
        "leaves_global_randomness",
        "runs_in_another_process",
        "draws_by_id_and_copy",
    },
    "bad.peeks": {"replays"},
    "bad.constant": {"draws_by_id_and_copy"},
    "bad.tuples": {"replays"},
    "bad.numpy_draw": {"draws_json", "replays"},
    "bad.remembers": {"repeats_itself", "runs_in_threads"},
    "bad.undocumented": {"is_documented"},
    "bad.writes_input": {"is_documented"},
    "bad.mixes_rows": {"runs_many_as_one"},
    "bad.fills_gaps": {"keeps_what_columns_promise"},
    "bad.wrong_kind": {"loads"},
    "bad.missing": {"loads"},
    "bad.closure": {"declares_without_looking"},
    "bad.loose": {"rejects_wrong_parameters"},
}


@pytest.mark.parametrize("entry_id", BROKEN)
def test_broken_ops_fail(entry_id):
    """An op that breaks one rule fails the check of that rule."""
    failed, _ = _failed(OPS, entry_id)
    assert failed.keys() & BROKEN[entry_id], f"nothing noticed: {failed}"


def test_broken_kind_fails():
    """A kind that loses values, or refuses without the template, is found out."""
    failed, _ = _failed(KINDS, "bad.lossy")
    expected = {"packs_and_unpacks", "survives_arrow", "refuses_foreign_objects", "loads_its_exceptions"}
    assert expected <= failed.keys()


@pytest.mark.parametrize(("suite", "name"), [(COUPLINGS, "echo"), (COUPLINGS, "refuse"), (EFFECTS, "roll")])
def test_good_couplings_and_effects_pass(suite, name):
    """A coupling or an effect that keeps the contract passes every check."""
    failed, ran = _failed(suite, f"demo.{name}")
    assert failed == {}
    assert ran == [check.name for check in suite.checks]


BROKEN_RULES = {
    "bad.absent": {"loads"},
    "bad.link": {"loads", "joins_what_exists"},
    "bad.space": {"loads", "joins_what_exists"},
    "bad.target": {"loads", "joins_what_exists"},
    "bad.kind": {"loads", "joins_what_exists"},
    "bad.nothing": {"answers_every_effect", "can_be_carried_out"},
    "bad.elsewhere": {"answers_every_effect"},
    "bad.counts": {"answers_the_same_twice"},
    "bad.scribbles": {"leaves_values_alone"},
    "bad.foreign": {"can_be_carried_out"},
}


@pytest.mark.parametrize("entry_id", BROKEN_RULES)
def test_broken_couplings_fail(entry_id):
    """A coupling that breaks one rule fails the checks of that rule, and those only."""
    assert _failed(COUPLINGS, entry_id)[0].keys() == BROKEN_RULES[entry_id]


BROKEN_EFFECTS = {
    "bad.example": {"loads"},
    "bad.spaceless": {"loads"},
    "bad.homemade": {"lowers_to_core_effects"},
    "bad.fickle": {"lowers_the_same_twice", "is_followed_by_every_kind"},
    "bad.misplaced": {"is_followed_by_every_kind"},
    "bad.exception": {"loads_its_exceptions"},
}


@pytest.mark.parametrize("entry_id", BROKEN_EFFECTS)
def test_broken_effects_fail(entry_id):
    """An effect that breaks one rule fails the checks of that rule, and those only."""
    assert _failed(EFFECTS, entry_id)[0].keys() == BROKEN_EFFECTS[entry_id]


def test_failures_say_what_to_do():
    """A failure carries the entry, the parameters and the Troubleshooting line."""
    failed, _ = _failed(OPS, "bad.tuples")
    notes = "\n".join(failed["replays"].__notes__)
    assert "augury-demo/bad.tuples" in notes
    assert "Troubleshooting:" in notes


def test_an_op_that_cannot_load_gets_one_check():
    """An entry whose module is missing does not stop the collection of the others."""
    _, ran = _failed(OPS, "bad.missing")
    assert ran == ["loads"]


def test_kit_tests_cannot_be_overridden():
    """A subclass that replaces or removes the test is refused when it is made."""
    for value in (lambda self: None, None):
        with pytest.raises(TypeError, match="cannot be overridden"):
            type("TestMine", (OpConformance,), {"test_conforms": value})
    with pytest.raises(TypeError, match="cannot be overridden"):
        type("TestMine", (OpConformance,), {"suite": KINDS})


@pytest.mark.parametrize(
    ("exempt", "message"),
    [({"a.b": {"pickles": " "}}, "a reason"), ({"a.b": {"pickels": "no"}}, "Did you mean pickles")],
)
def test_exemptions_need_a_reason_and_a_name(exempt, message):
    """An exemption without a reason, or of an unknown check, is refused when the class is made."""
    with pytest.raises(TypeError, match=message):
        type("TestMine", (OpConformance,), {"exempt": exempt})


def test_exemptions_become_strict_xfails():
    """An exempt check runs as a strict xfail with its reason; the others run plainly."""
    cls = ops_of("augury-demo", "bad.constant")(
        type("TestMine", (OpConformance,), {"exempt": {"bad.constant": {"draws_by_id_and_copy": "it is constant"}}})
    )
    (mark,) = cls.pytestmark
    marked = {param.id: param.marks for param in mark.args[1]}
    assert [m.kwargs for m in marked["bad.constant-draws_by_id_and_copy"]] == [
        {"reason": "it is constant", "strict": True}
    ]
    assert all(not marks for name, marks in marked.items() if not name.endswith("draws_by_id_and_copy"))


def test_unknown_distributions_are_refused():
    """Naming a distribution that gives nothing is an error, not an empty run."""
    cls = type("TestMine", (OpConformance,), {})
    with pytest.raises(PluginBroken, match="no-such-dist"):
        ops_of("no-such-dist")(cls)
    with pytest.raises(PluginBroken, match="ops of this distribution"):
        ops_of("augury")(cls)


def test_outcomes_run_without_pytest():
    """The whole kit runs over a distribution as plain results."""
    found = [(o.entry.id, o.check.name, o.error is None) for o in outcomes("augury-demo") if o.entry.id == "demo.noop"]
    assert found
    assert all(held for _, _, held in found)


@pytest.mark.parametrize("suite", [OPS, KINDS, COUPLINGS, EFFECTS])
def test_checks_are_documented(suite):
    """Every check says what it holds and what to do when it does not, and has a name of its own."""
    names = [check.name for check in suite.checks]
    assert len(set(names)) == len(names)
    assert all(check.help.startswith("Troubleshooting:") and len(check.help) > 30 for check in suite.checks)


def test_classes_need_no_test_of_their_own():
    """The decorator works on the three-line form."""

    @kinds_of("augury-demo", "demo.letters")
    class Kinds(Conformance):
        suite = KINDS

    (mark,) = Kinds.pytestmark
    assert {param.id.split("-")[0] for param in mark.args[1]} == {"demo.letters"}
