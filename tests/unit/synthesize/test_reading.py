"""What ``synthesize:`` says, and what is said of each mistake in it."""

import pytest

from augury.errors import RecipeError
from augury.recipe import rebuild
from augury.synthesis import Between

pytest.importorskip("augury_synthesis", reason="the plugin is installed with torch, not here")


def test_what_is_left_out_is_filled_in(home):
    """One line takes the collection, the fields, the label as target; metadata, text and what is derived stay out."""
    recipe = home.load("- {model: marginals}")
    (one,) = recipe.synthesize
    assert (one.title, one.model, one.codec) == ("people@marginals", ("synth.marginals", {}), ("codec.table", {}))
    assert one.fields == ("id", "age", "city", "earned", "spent", "rich") and one.target == "rich"
    assert [d.spec.name for d in one.derived] == ["thrifty"]
    assert (one.rows, one.ratio, one.level, one.balance, one.where, one.gate) == (None, 1.0, None, None, {}, None)
    assert recipe.warnings[-1] == "synthesize people@marginals: made rows are without site, note"


def test_everything_that_can_be_said(home):
    """Every key is in the result, values as the kinds of their fields have them."""
    recipe = home.load(
        """
        - model: {forest: {trees: 3}}
          name: some
          collection: people
          fields: [age, city, rich, site]
          target: city
          ratio: 0.5
          balance: {field: rich, to: {yes: 0.25, no: 0.75}}
          where: {age: {lo: 30, hi: 50}, city: [Rome, Oslo]}
          budget: {steps: 10, patience: 2, threads: 2}
          gate: {utility: 0.8, privacy: dcr, copies: 0.01, seeds: 2, on_fail: fail}
        - {model: smotenc, rows: {balance: rich}}
        """
    )
    one, other = recipe.synthesize
    assert one.model == ("synth.forest", {"trees": 3}) and one.fields == ("age", "city", "rich", "site")
    assert one.balance.shares == {"yes": 0.25, "no": 0.75} and one.ratio == 0.5 and one.derived == ()
    assert one.where == {"age": Between(30, 50), "city": ["Rome", "Oslo"]}
    assert tuple(one.budget) == (10, 2, 2) and one.gate.copies == 0.01 and one.gate.on_fail == "fail"
    assert other.level == "rich" and other.title == "people@smotenc"
    again = rebuild(recipe.document, recipe.folder, "r")
    assert again.hash == recipe.hash and again.synthesize[0] == one


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("[]", "synthesize: expected a list of models, got none."),
        ("- forest", "synthesize[0]: expected a mapping of keys to values, got 'forest'."),
        ("- {model: forrest}", "got 'synth.forrest'. Did you mean synth.forest"),
        (
            "- {model: {forest: {tree: 3}}}",
            "synthesize[0].model: synth.forest: expected a known parameter, got 'tree'.",
        ),
        ("- {model: [forest]}", "synthesize[0].model: expected an id, or {id: {parameters}}, got"),
        ("- {modle: forest}", "synthesize[0].modle: expected a known key, got 'modle'. Did you mean model or codec?"),
        ("- {codec: tabel}", "got 'codec.tabel'. Did you mean codec.table?"),
        ("- {name: a/b}", "synthesize[0].name: expected letters, digits, - and _, got 'a/b'."),
        ("- {collection: peopel}", "the name of a collection, got 'peopel'. Did you mean people?"),
        ("- {fields: [agee]}", "synthesize[0].fields[0]: expected the name of a field, got 'agee'. Did you mean age?"),
        ("- {fields: [age, note]}", "got note of kind text. Fix: leave it out"),
        ("- {fields: [spent, earned, thrifty]}", "expected no field that is derived from the others, got 'thrifty'."),
        ("- {target: note}", "synthesize[0].target: expected the name of a field that is learned, got 'note'."),
        ("- {rows: 0}", "synthesize[0].rows: expected a whole number from 1 on, or {balance: field}, got 0."),
        ("- {rows: 5, ratio: 2}", "synthesize[0].ratio: expected rows: or ratio:, got both."),
        ("- {ratio: -1}", "synthesize[0].ratio: expected a number above 0, got -1."),
        (
            "- {rows: {balance: age}}",
            "expected a field of kind category or ordinal or boolean, got age of kind number.",
        ),
        ("- {rows: {balance: rich}, balance: rich}", "expected rows: {balance: ...} or balance:, got both."),
        ("- {balance: richh}", "the name of a field that is learned, got 'richh'. Did you mean rich?"),
        ("- {balance: {field: rich, to: {yes: 2}}}", "expected equal, or shares of 0 or more that sum to 1, got"),
        ("- {balance: {field: age, to: {old: 1}}}", "synthesize[0].balance.to.old: age: expected a number"),
        (
            "- {where: {citty: Rome}}",
            "synthesize[0].where.citty: expected a field that is learned, got 'citty'. Did you",
        ),
        ("- {where: {age: {lo: x}}}", "synthesize[0].where.age: age: expected a number"),
        ("- {where: {age: {least: 3}}}", "synthesize[0].where.age.least: expected a known key"),
        ("- {where: {city: {lo: A}}}", "expected lo, hi or both of a number or datetime, got bounds of city"),
        ("- {budget: {steps: 0}}", "synthesize[0].budget.steps: expected an integer of at least 1, got 0."),
        ("- {gate: {copys: 1}}", "synthesize[0].gate.copys: expected a known key, got 'copys'. Did you mean copies?"),
        ("- {gate: {closer: 2}}", "synthesize[0].gate.closer: expected a number in [0, 1], got 2."),
        ("- {gate: {utility: 3}}", "expected not_worse, or a share in [0, 1], got 3"),
        ("- {fields: [age, spent], gate: {utility: not_worse}}", "expected a target for utility: not_worse, got none."),
        ("- {gate: {length: 0.1}}", "gate: expected a field of histories for length, got none. Fix: remove length."),
        ("- {}\n- {}", "synthesize[1]: expected a name that no other model of the collection has, got 'forest'."),
    ],
)
def test_mistakes(home, entry, expected):
    """Each mistake is told by its place, with what was expected, what came, and the nearest name."""
    with pytest.raises(RecipeError) as error:
        home.load(entry)
    assert expected in str(error.value) and "r.yaml:" in str(error.value) and "Fix: " in str(error.value)


def test_what_a_model_does_not_take_is_refused(home):
    """A condition of a kind that no row can be drawn by names the models that take it."""
    from augury.catalog import registry

    for name in registry().ids("synthesizers"):
        taken = registry().load("synthesizers", name).caps.conditions
        for kind, entry in (("class", "city: Rome"), ("range", "age: {lo: 3}")):
            if kind not in taken:
                with pytest.raises(RecipeError, match=f"a model that takes {kind} conditions.*Fix: use synth"):
                    home.load(f"- {{model: {name}, where: {{{entry}}}}}")


def test_a_rule_that_rows_cannot_be_held_to_is_refused(home):
    """That no two rows have the same pair of values is a matter of the whole table, which is not made at once."""
    rule = "constraints:\n  - unique: {fields: [age, city]}"
    with pytest.raises(RecipeError, match=r"constraints that made rows can be held to, got unique \(age, city\)"):
        home.load("- {model: forest}", **{"constraints:": rule})
    assert home.load("- {model: forest, fields: [age, rich]}", **{"constraints:": rule}).synthesize


def test_the_group_of_the_split_is_not_made(home):
    """A made row belongs to no group, so the field is neither learned unasked nor when asked."""
    change = {"city: category": "city: {kind: category, role: group}"}
    assert "city" not in home.load("- {model: forest}", **change).synthesize[0].fields
    with pytest.raises(RecipeError, match="a field that is not the group of the split"):
        home.load("- {model: forest, fields: [age, city]}", **change)


def test_histories_need_a_codec(home):
    """A field that the table's codec does not take names those that do."""
    change = {"note: text": "note: interactions"}
    with pytest.raises(RecipeError, match=r"Fix: add codec: codec\.history_sequence or codec\.history_counts"):
        home.load("- {fields: [age, note]}", **change)


def test_a_gate_asks_what_can_be_measured_of_histories(home):
    """Of histories the figures of columns are refused by name; their own and a verdict are taken."""
    change = {"note: text": "note: interactions"}
    entry = "- {model: vae, codec: history_counts, fields: [age, note], gate: GATE}"
    (one,) = home.load(entry.replace("GATE", "{popularity: 0.1, length: 0.1, copies: 0}"), **change).synthesize
    assert one.gate.popularity == 0.1
    with pytest.raises(RecipeError, match=r"gate: expected what can be measured of the history note, got others"):
        home.load(entry.replace("GATE", "{others: 0.5}"), **change)


def test_the_meaning_is_in_the_hash(home):
    """Rows, model and gate are part of the recipe's hash; how rows are judged is of the report alone."""
    plain = home.load("- {model: forest, rows: 5}")
    for other in ("- {model: forest, rows: 6}", "- {model: smotenc, rows: 5}", "- {model: forest, rows: 5, gate: {}}"):
        found = home.load(other)
        assert found.parts["synthesize"] != plain.parts["synthesize"] and found.hash != plain.hash
    found = home.load("- {model: forest, rows: 5}", **{"evaluate: false": "evaluate: {seeds: 1}"})
    assert found.parts["synthesize"] == plain.parts["synthesize"] and found.parts["report"] != plain.parts["report"]
