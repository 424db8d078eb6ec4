"""A recipe's own transforms: executed with permission only, the same in every process, told apart by their bytes."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout

import pytest

from augury.catalog import local_ops, registry
from augury.cli.main import main
from augury.dataset import replay, run
from augury.errors import AuguryError, CheckFailed, RecipeError

OPS = """\
from pathlib import Path

import augury

with (Path(__file__).parent / "executed").open("a") as log:
    log.write("once\\n")


@augury.transform("table.shift_test")
def shift(row, rng, *, by_range: augury.Range = (1.0, 2.0)):
    '''Add a number.'''
    return {name: value + rng.uniform(*by_range) for name, value in row.items()}
"""

RECIPE = """\
recipe: 1
transforms: [my_ops.py]
collect:
  - path: many.csv
fields: {key: {kind: id, role: key}, x: number}
split: {train: 1}
augment:
  steps:
    - table.shift_test: {field: x, by_range: [3, 4]}
limits: {unit_records: 8}
"""


@pytest.fixture(autouse=True)
def fresh():
    """Forget the transforms of a test after it."""
    with local_ops():
        yield


@pytest.fixture
def own(bench):
    """A recipe with a file of its own."""
    bench.text = RECIPE
    (bench.folder / "my_ops.py").write_text(OPS)
    (bench.folder / "many.csv").write_text("key,x\n" + "".join(f"k{i},{i}\n" for i in range(40)))
    (bench.folder / "r.yaml").write_text(RECIPE)
    return bench


def refusal(bench, text=RECIPE, **more):
    """Return the words of the refusal of a recipe."""
    with pytest.raises(RecipeError) as caught:
        bench.load(text, **more)
    return str(caught.value)


def command(*arguments):
    """Return the exit code of a command and what it wrote to the error stream."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as err:
        code = main([str(a) for a in arguments])
    return code, err.getvalue()


def test_nothing_is_executed_without_permission(own):
    """The refusal names the file and the switch; the file has not run."""
    text = refusal(own)
    assert text.startswith("r.yaml:2 transforms: expected permission to execute my_ops.py, got none. Fix:")
    assert "--allow-code" in text
    recipe = own.folder / "r.yaml"
    for verb in (["run", recipe, "-o", own.folder / "out"], ["check", recipe], ["preview", recipe]):
        code, err = command(*verb)
        assert (code, "my_ops.py" in err) == (2, True)
    assert not (own.folder / "executed").exists()
    assert command("check", recipe, "--allow-code")[0] == 0


def test_workers_know_the_ops(own):
    """One process and two make the same dataset; the file is executed once in each process."""
    one = run(own.load(allow_code=True), own.folder / "one")
    assert (own.folder / "executed").read_text().count("once") == 1
    two = run(own.load(allow_code=True), own.folder / "two", workers=2)
    assert (own.folder / "executed").read_text().count("once") == 3
    assert one.content_hash == two.content_hash
    assert one.rows == 80
    assert list(one.data["transforms"]) == ["my_ops.py"]


def test_replay(own):
    """A row is made again with permission only, and not with another file."""
    run(own.load(allow_code=True), own.folder / "out")
    assert replay(own.folder / "out", "many/k3@0", allow_code=True).equal
    assert command("replay", own.folder / "out", "many/k3@0", "--allow-code")[0] == 0
    executed = (own.folder / "executed").read_text()
    code, err = command("replay", own.folder / "out", "many/k3@0")
    assert (code, "--allow-code" in err) == (2, True)
    assert (own.folder / "executed").read_text() == executed
    (own.folder / "my_ops.py").write_text(OPS + "# another\n")
    with pytest.raises(CheckFailed, match=r"transforms my_ops\.py: expected the file that made it"):
        replay(own.folder / "out", "many/k3@0", allow_code=True)


def test_the_bytes_are_part_of_the_hash(own):
    """A comment in the file makes another recipe."""
    before = own.load(allow_code=True).hash
    (own.folder / "my_ops.py").write_text(OPS + "# another\n")
    assert own.load(allow_code=True).hash != before


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "import augury\n\n1 / 0\n",
            r"my_ops\.py:3: expected Python that runs, got ZeroDivisionError: division by zero",
        ),
        ("def broken(:\n", "my_ops.py: expected Python that runs, got SyntaxError"),
        ("raise SystemExit(3)\n", "got SystemExit: 3"),
        ("x = 1\n", r"my_ops\.py: expected a function with @augury\.transform, got none"),
        (OPS + "\nraise ValueError('late')\n", "got ValueError: late"),
    ],
)
def test_a_file_without_use(own, source, words):
    """A file that raises or defines nothing is refused with its place, and leaves no op behind."""
    (own.folder / "my_ops.py").write_text(source)
    assert re.search(words, refusal(own, allow_code=True))
    assert "table.shift_test" not in registry().ids("ops")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[../my_ops.py]", "a path below the recipe's folder"),
        ("[/etc/my_ops.py]", "a path below the recipe's folder"),
        ("[elsewhere.py]", "a path below the recipe's folder"),
        ("[my_op.py]", "Did you mean my_ops.py"),
        ("[my_ops]", "the path of a Python file"),
        ("my_ops.py", "a list of Python files"),
    ],
)
def test_paths(own, tmp_path_factory, given, words):
    """Only files below the recipe are executed, and a link does not lead out."""
    outside = tmp_path_factory.mktemp("outside") / "ops.py"
    outside.write_text(OPS)
    (own.folder / "elsewhere.py").symlink_to(outside)
    assert words in refusal(own, RECIPE.replace("[my_ops.py]", given), allow_code=True)
    assert not (outside.parent / "executed").exists()


def test_the_nearest_key(own):
    """A misspelt key leads to it."""
    with pytest.raises(AuguryError, match="Did you mean transforms"):
        own.load(RECIPE.replace("transforms:", "transform:"))
