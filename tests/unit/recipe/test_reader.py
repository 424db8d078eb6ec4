"""Reading recipes: what a good one says, and what is said of each mistake."""

import pytest

from augury.catalog import registry
from augury.errors import AuguryError, RecipeError
from augury.recipe import load, rebuild
from augury.recipe.problems import RecipeErrors


def test_good_recipe(bench):
    """Everything that the recipe says is in the result."""
    recipe = bench.load()
    assert (recipe.seed, recipe.name, recipe.folder) == (7, "r", bench.folder)
    assert [(s.collection, s.format, s.path) for s in recipe.collect] == [("rows", "csv", "rows.csv")]
    assert dict(recipe.split.shares) == {"train": 0.8, "val": 0.1, "test": 0.1}
    assert recipe.augment.copies == 2 and recipe.augment.sides == ("train",) and recipe.augment.originals
    assert [node.path for node in recipe.pipelines["rows"].ops] == ["table.jitter#0", "table.swap#0"]
    assert recipe.on_error == "quarantine" and recipe.write.format == "parquet" and recipe.warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seed: 7", "sed: 7", "r.yaml:2 sed: expected a key of a recipe, got 'sed'. Did you mean seed?"),
        ("recipe: 1", "recipe: 2", "r.yaml:1 recipe: expected recipe: 1, the version of the form, got 2."),
        ("recipe: 1", "seeds: 1", "r.yaml:1 recipe: expected recipe: 1, the version of the form, got nothing."),
        ("seed: 7", "seed: -7", "r.yaml:2 seed: expected a whole number in [0, 2**63), got -7."),
        ("seed: 7", "seed: seven", "r.yaml:2 seed: expected a whole number, got 'seven'."),
        ("seed: 7", "seed: true", "r.yaml:2 seed: expected a whole number, got True."),
        ("rows.csv", "row.csv", "r.yaml:4 collect[0].path: expected a file or folder that exists, got 'row.csv'."),
        ("rows.csv", "row.csv", "Did you mean rows.csv?"),
        ("rows.csv", "../x.csv", "expected a path below the recipe's folder, got '../x.csv'."),
        ("path: rows.csv", "path: rows.csv\n    delimter: ;", "r.yaml:5 collect[0].delimter: expected a known key"),
        ("path: rows.csv", "path: rows.csv\n    delimter: ;", "Did you mean delimiter?"),
        ("path: rows.csv", "path: rows.csv\n    encoding: 3", "r.yaml:5 collect[0].encoding: expected a str, got 3."),
        ("path: rows.csv", "pth: rows.csv", "r.yaml:4 collect[0]: expected a path, got none."),
        ("path: rows.csv", "path: rows.csv\n    format: cvs", "expected a format that is installed, got 'cvs'."),
        ("path: rows.csv", "path: rows.csv\n    side: tran", "Did you mean train?"),
        ("path: rows.csv", "path: rows.csv\n    as: {agee: age}", "expected a column of the source, got 'agee'. Did"),
        ("path: rows.csv", "path: rows.csv\n    as: {age: agee}", "expected a field of the schema, got 'agee'. Did"),
        ("path: rows.csv", "path: rows.csv\n    as: {age: income, income: income}", "one column for a field"),
        ("path: rows.csv", "path: rows.csv\n    collection: 1st", "expected a plain name, got '1st'."),
        ("- path: rows.csv", "- []", "r.yaml:4 collect[0]: expected a mapping of keys to values, got []."),
        ("  age: number", "  age: numbr", "r.yaml:6 fields.age.kind: expected a kind that is installed, got 'numbr'."),
        ("  age: number", "  age: numbr", "Did you mean number?"),
        ("  age: number", "  age: {kind: number, lo: x}", "r.yaml:6 fields.age.lo: expected"),
        ("  age: number", "  age: {kind: number, low: 3}", "r.yaml:6 fields.age: expected a key that kind number"),
        ("  age: number", "  age: {kind: number, role: lable}", "Did you mean label?"),
        (
            "  age: number",
            "  age: number\n  gone: number",
            "r.yaml:7 fields.gone: expected a field that a source gives",
        ),
        ("val: 0.1, test", "val: 0.3, test", "r.yaml:10 split: expected shares that sum to 1, got 1.2."),
        ("train: 0.8,", "train: 8,", "r.yaml:10 split.train: expected a share in [0, 1], got 8."),
        ("train: 0.8,", "trian: 0.8,", "r.yaml:10 split.trian: expected a known key, got 'trian'. Did you mean train?"),
        ("test: 0.1}", "test: 0.1, group: lable}", "expected the name of a field, got 'lable'. Did you mean label?"),
        ("test: 0.1}", "test: 0.1, field: city}", "expected field: alone, got field: and train, val, test."),
        ("copies: 2", "copies: two", "r.yaml:12 augment.copies: expected a whole number in [0, 10000], or {balance"),
        ("copies: 2", "copies: {balance: labl}", "r.yaml:12 augment.copies.balance: expected the name of a field"),
        ("copies: 2", "copies: {balanced: label}", "Did you mean balance?"),
        ("copies: 2", "sides: [tran]", "r.yaml:12 augment.sides[0]: expected one of train, val, test, got 'tran'."),
        ("copies: 2", "stpes: []", "Did you mean steps or sides?"),
        ("table.jitter:", "table.jiter:", "r.yaml:14 augment.steps[0].table.jiter: expected an op that is installed"),
        ("table.jitter:", "table.jiter:", "Did you mean table.jitter"),
        ("scale: 0.1", "scal: 0.1", "r.yaml:14 augment.steps[0].table.jitter: expected a known parameter, got 'scal'."),
        ("scale: 0.1", "scal: 0.1", "Did you mean scale?"),
        ("scale: 0.1", "scale: -1", "r.yaml:14 augment.steps[0].table.jitter.scale: expected a number of at least 0"),
        ("scale: 0.1", "p: 2", "r.yaml:14 augment.steps[0].table.jitter.p: expected a number in [0, 1], got 2."),
        ("field: city", "field: cty", "r.yaml:15 augment.steps[1].table.swap"),
        ("field: city", "field: age", "got age of kind number"),
        ("field: city", "pool: other", "r.yaml:15 augment.steps[1].table.swap.pool: expected the name of a collection"),
        ("seed: 7", "write: {format: parqet}", "r.yaml:2 write.format: expected a format that is installed"),
        ("seed: 7", "write: {compresion: zstd}", "Did you mean compression?"),
        ("seed: 7", "limits: {max_quarantined: 2}", "r.yaml:2 limits.max_quarantined: expected a number in [0, 1]"),
        ("seed: 7", "limits: {unit_record: 2}", "Did you mean unit_records?"),
        ("seed: 7", "on_error: ignore", "r.yaml:2 on_error: expected quarantine or raise, got 'ignore'."),
        ("seed: 7", "requires: [augury-nope>=1]", "expected augury-nope>=1 to be installed"),
        ("seed: 7", "requires: [augury>=99]", "r.yaml:2 requires[0]: expected augury>=99, got augury"),
        ("seed: 7", "requires: [a b c]", "expected a distribution with versions, got 'a b c'."),
        ("seed: 7", "requires: augury", "expected a list such as"),
    ],
)
def test_mistake(bench, old, new, expected):
    """Each mistake is told with its line, what was expected, what came, the nearest name and the fix."""
    lines = bench.mistakes(old, new)
    assert any(expected in line for line in lines), lines
    assert all(" Fix: " in line for line in lines)


@pytest.mark.parametrize("key", ["collect", "fields"])
@pytest.mark.parametrize("value", ["", " 3", " []", " {}"])
def test_section_of_another_form(bench, key, value):
    """A section that is empty or of another form is told, and nothing breaks."""
    lines = bench.mistakes(bench.text[bench.text.index(f"{key}:") :], f"{key}:{value}\n")
    assert any(f"{key}: expected a" in line for line in lines)


@pytest.mark.parametrize("text", ["", "- a", "3", "split: 3\naugment: []\nwrite: x\nlimits: 1\nrecipe: 1"])
def test_no_recipe_at_all(bench, text):
    """A file that is no recipe is refused in words."""
    with pytest.raises(RecipeError) as caught:
        bench.load(text)
    assert "expected a mapping" in str(caught.value)


def test_range_reversed(bench):
    """A reversed range says which way round it goes."""
    text = bench.text.replace("table.swap: {field: city}", "image.rotate: {field: age, angle_deg_range: [30, -30]}")
    with pytest.raises(RecipeError) as caught:
        bench.load(text)
    where = "r.yaml:15 augment.steps[1].image.rotate.angle_deg_range"
    assert str(caught.value) == f"{where}: expected lo <= hi, got (30.0, -30.0). Fix: swap the two numbers."


def test_every_mistake_at_once(bench):
    """Mistakes of all sections come together, sorted by line."""
    text = bench.text.replace("seed: 7", "sed: 7").replace("0.8", "0.7").replace("copies: 2", "copies: -1")
    text = text.replace("table.jitter", "table.jiter").replace("field: city", "fraction: 7") + "on_error: x\n"
    with pytest.raises(RecipeErrors) as caught:
        bench.load(text)
    assert [p.line for p in caught.value.problems] == [2, 10, 12, 14, 15, 16]
    assert [p.path for p in caught.value.problems][:3] == ["sed", "split", "augment.copies"]


def test_steps_are_checked_though_fields_are_wrong(bench):
    """A wrong field hides neither wrong ops nor wrong parameters."""
    lines = bench.mistakes("  age: number", "  age: numbr\n  x: {kind: id, of: 3}")
    assert not any("augment" in line for line in lines)
    bench.text = bench.text.replace("table.swap: {field: city}", "table.swop")
    lines = bench.mistakes("  age: number", "  age: numbr")
    assert any("r.yaml:15 augment.steps[1].table.swop" in line for line in lines)


def test_nested_steps_keep_their_lines(bench):
    """A mistake inside combinators is found on its own line."""
    steps = "one_of:\n        - table.swap: {fraction: 2}\n        - sometimes: {p: 0.5, steps: [table.nope]}"
    lines = bench.mistakes("table.swap: {field: city}", steps)
    assert lines[0].startswith("r.yaml:16 augment.steps[1].one_of[0].table.swap.fraction: expected a number in [0, 1]")
    assert lines[1].startswith("r.yaml:17 augment.steps[1].one_of[1].sometimes.steps[0].table.nope: expected an op")


def test_a_step_that_meets_no_field(bench):
    """A step whose kind no collection has is refused."""
    lines = bench.mistakes("table.swap: {field: city}", "image.flip")
    assert lines[0].startswith("r.yaml:15 augment.steps[1].image.flip: expected one field of kind image")


def test_not_installed(bench, monkeypatch):
    """An op of a plugin that is not there names the pip line."""
    monkeypatch.setenv("AUGURY_PLUGINS", "tabular")
    registry.cache_clear()
    try:
        lines = bench.mistakes("table.swap: {field: city}", "image.flip")
    finally:
        registry.cache_clear()
    assert "Fix: pip install augury-image." in lines[0]


def test_missing_recipe(tmp_path):
    """A recipe that is not there names the one that is."""
    (tmp_path / "train.yaml").write_text("recipe: 1")
    with pytest.raises(RecipeError, match=r"expected a recipe file, got No such file.*Did you mean train\.yaml"):
        load(tmp_path / "trian.yaml")


def test_hash_is_of_meaning(bench):
    """Comments, order, defaults written out and paths leave the hash alone; a parameter does not."""
    first = bench.load().hash
    assert bench.change("copies: 2", "originals: true # yes\n  copies: 2").hash == first
    assert bench.change("scale: 0.1", "scale: 0.1, relative_to: std").hash == first
    (bench.folder / "b").mkdir()
    (bench.folder / "rows.csv").rename(bench.folder / "b" / "rows.csv")
    assert bench.change("path: rows.csv", "path: b/rows.csv").hash == first
    bench.text = bench.text.replace("rows.csv", "b/rows.csv")
    assert bench.change("scale: 0.1", "scale: 0.2").hash != first
    assert bench.change("seed: 7", "seed: 8").hash != first


def test_overrides_and_seed(bench):
    """--set and --seed are read like the recipe's own words, and named when wrong."""
    recipe = bench.load(overrides=["augment.copies=5"], seed=11)
    assert (recipe.augment.copies, recipe.seed) == (5, 11)
    with pytest.raises(AuguryError, match=r"--set augment\.copies: expected a whole number"):
        bench.load(overrides=["augment.copies=x"])


def test_rebuild_of_the_document(bench):
    """The plain document gives an equal recipe, and is not changed."""
    recipe = bench.load()
    again = rebuild(recipe.document, recipe.folder, "r")
    assert again.hash == recipe.hash and again.document == recipe.document


def test_notes(bench):
    """Two unnamed steps of one op are noted, with their line."""
    recipe = bench.change("table.swap: {field: city}", "table.jitter: {field: age}")
    assert recipe.warnings[0].startswith("r.yaml:13 augment.steps: table.jitter occurs 2 times unnamed")


def test_synthesize_without_a_model_installed(bench):
    """Where no plugin gives a model, the mistake says what to install."""
    if registry().ids("synthesizers"):
        pytest.skip("models are installed here")
    with pytest.raises(RecipeError, match=r"synthesize\[0\]: expected .* installed, got none\. Fix: pip install"):
        bench.load(bench.text + "synthesize: [{rows: 5}]\n")
