"""The JSON Schema of recipes: valid itself, and of one mind with the reader."""

import jsonschema
import pytest

from augury.catalog import registry
from augury.errors import AuguryError
from augury.recipe.schema import recipe_schema
from augury.recipe.yaml import parse


@pytest.fixture(scope="module")
def validator():
    """Return a validator of the schema, which is checked itself."""
    schema = recipe_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def valid(validator, text):
    """Whether the schema takes a recipe's text."""
    return validator.is_valid(parse(text.encode(), "r").data)


def test_good_recipe(bench, validator):
    """What the reader takes, the schema takes."""
    bench.load()
    assert valid(validator, bench.text)


@pytest.mark.parametrize(("given", "good"), [("[ops/my.py]", True), ("[my]", False), ("[]", False), ("my.py", False)])
def test_transforms(bench, validator, given, good):
    """A recipe's own files are a list of Python files."""
    assert valid(validator, bench.text + f"transforms: {given}\n") is good


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("recipe: 1", "recipe: 2"),
        ("seed: 7", "sed: 7"),
        ("path: rows.csv", "path: rows.csv\n    delimter: x"),
        ("age: number", "age: numbr"),
        ("age: number", "age: {kind: number, low: 1}"),
        ("train: 0.8", "trian: 0.8"),
        ("copies: 2", "copies: -1"),
        ("table.jitter", "table.jiter"),
        ("scale: 0.1", "scale: -1"),
        ("scale: 0.1", "p: 2"),
        ("seed: 7", "limits: {max_quarantined: 2}"),
        ("seed: 7", "write: {format: parqet}"),
        ("seed: 7", "on_error: ignore"),
    ],
)
def test_both_refuse(bench, validator, old, new):
    """What the schema refuses, the reader refuses."""
    assert not valid(validator, bench.text.replace(old, new))
    with pytest.raises(AuguryError):
        bench.change(old, new)


@pytest.mark.parametrize(
    "step",
    [
        "table.swap",
        "{table.swap: {p: 0.5, name: some, field: [city], independent: true}}",
        "{table.swap: }",
        "{one_of: [table.swap, {table.jitter: {scale: 0.2, field: age}}]}",
        "{one_of: {steps: [table.swap, {table.swap: {name: b}}], weights: [1, 2], p: 0.5}}",
        "{some_of: {steps: [table.swap], n_range: [0, 1]}}",
        "{sometimes: {p: 0.5, steps: [table.swap]}}",
        "{repeat: {times: 2, steps: [table.swap]}}",
        "{sequence: [table.swap]}",
    ],
)
def test_both_take(bench, validator, step):
    """Every form of a step is taken by both."""
    text = bench.text.replace("table.swap: {field: city}", step)
    bench.load(text)
    assert valid(validator, text)


def test_every_entry_is_described(validator):
    """Every op that is usable here, kind and format is in the schema, with its parameters described."""
    definitions = validator.schema["$defs"]
    ops = {name for s in definitions["step"]["anyOf"] for name in s.get("properties", {})}
    assert {e.id for e in registry().ops() if e.dist != "augury-bridges"} <= ops
    assert definitions["field"]["anyOf"][0]["enum"] == registry().ids("kinds")
    rotate = next(s for s in definitions["step"]["anyOf"] if "image.rotate" in s.get("properties", {}))
    properties = rotate["properties"]["image.rotate"]["anyOf"][0]["properties"]
    assert properties["angle_deg_range"]["description"] and properties["angle_deg_range"]["minItems"] == 2


@pytest.mark.parametrize(
    ("entry", "good"),
    [
        ("{rows: 5, gate: {utility: not_worse, copies: 0.1}, budget: {steps: 3}}", True),
        ("{rows: {balance: label}, where: {age: {lo: 3}, city: [Rome, Oslo]}, fields: [age]}", True),
        ("{ratio: 0.5, balance: {field: label, to: {a: 0.2, b: 0.8}}}", True),
        ("{row: 5}", False),
        ("{rows: 0}", False),
        ("{rows: {level: label}}", False),
        ("{ratio: 0}", False),
        ("{gate: {copies: 2}}", False),
        ("{gate: {copy: 0}}", False),
        ("{balance: {to: equal}}", False),
        ("{where: {age: {least: 3}}}", False),
    ],
)
def test_synthesize(bench, validator, entry, good):
    """Editors complete and check the section, whether or not a model is installed."""
    assert valid(validator, bench.text + f"synthesize:\n  - {entry}\nreport: {{evaluate: {{seeds: 1}}}}\n") is good
