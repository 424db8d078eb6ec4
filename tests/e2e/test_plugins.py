"""Plugins as their users meet them: scaffolded, built, installed, used, broken, checked and taken out again."""

import ast
import inspect
import json
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml

from augury import hookspecs
from augury.cli.main import main
from augury.scaffold import VARIANTS, plan
from augury.specs import GROUPS
from tests.plugins.third_party.environment import PROJECTS, ROOT, Environment
from tests.plugins.third_party.generated import generate

SCAFFOLDS = {
    "image": ("dusk",),
    "text": ("shout", "--on", "text"),
    "audio": ("hush", "--on", "audio"),
    "table": ("shrink", "--on", "table"),
    "kind": ("marks", "--kind"),
    "cleaner": ("night", "--cleaner"),
    "format": ("json-seq", "--format"),
}
FIRST_PARTY = [tomllib.loads((path / "pyproject.toml").read_text())["project"]["name"] for path in PROJECTS]
RECIPE = """recipe: 1
seed: 7
collect: [{path: photos.jsonl}, {path: rows.json_seq}]
fields:
  photo: image
  spots: {kind: marks, of: photo}
  key: {kind: id, role: key}
  height: number
augment:
  copies: 1
  steps:
    - image.flip
    - image.dusk: {strength_range: [0.5, 0.5]}
    - table.shrink: {strength_range: [0.5, 0.5]}
"""
OTHERS = """recipe: 1
collect: [{path: rows.json_seq}]
fields: {key: {kind: id, role: key}, height: number}
augment: {steps: [table.shrink]}
write: {format: json_seq}
"""


def dist_of(variant):
    """Return the distribution of a scaffolded plugin."""
    return f"augury-{SCAFFOLDS[variant][0]}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A fresh environment with the core, every first-party plugin and one scaffolded plugin of each variant."""
    made = Environment(tmp_path_factory.mktemp("fresh"))
    made.build(PROJECTS)
    made.install(*FIRST_PARTY)
    for arguments in SCAFFOLDS.values():
        made.good("augury", "new", "plugin", *arguments)
    made.build([made.folder / dist_of(variant) for variant in SCAFFOLDS])
    made.good("augury", "plugins", "install", *map(dist_of, SCAFFOLDS))
    return made


@pytest.fixture(scope="module")
def corpus(place):
    """A folder with two photographs and two rows, and the recipes that use them."""
    import cv2
    import numpy as np

    folder = place.folder / "corpus"
    folder.mkdir()
    lines = []
    for i in range(2):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((10, 20, 3), 200, np.uint8))
        lines.append(json.dumps({"photo": f"{i}.png", "spots": [[4, 7]], "key": f"p{i}"}))
    (folder / "photos.jsonl").write_text("\n".join(lines))
    (folder / "rows.json_seq").write_text('\x1e{"key": "a", "height": 3}\n\x1e{"key": "b", "height": 5}\n')
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "others.yaml").write_text(OTHERS)
    return folder


@pytest.mark.slow
def test_every_plugin_is_listed(place):
    """The core, the first-party plugins and the scaffolded ones load without a failure or a clash."""
    about = place.json("augury", "plugins", "list", "--json")
    assert {p["dist"] for p in about["plugins"]} == {*FIRST_PARTY, *map(dist_of, SCAFFOLDS)}
    assert (about["failures"], about["clashes"]) == ([], {})
    assert {p["api"] for p in about["plugins"]} == {"augury.v1"}
    gives = {p["dist"]: p["gives"] for p in about["plugins"]}
    assert gives[dist_of("image")] == {"ops": 1}
    assert (gives[dist_of("kind")], gives[dist_of("format")]) == ({"kinds": 1}, {"formats": 1})
    printed = place.good("augury", "plugins", "list")
    assert "augury-dusk" in printed and "1 op" in printed
    assert "No broken requirements found" in place.good("python", "-m", "pip", "check")


@pytest.mark.slow
def test_what_is_tested_is_what_was_installed(place):
    """The modules come from this environment's own folder, and the installed templates are whole."""
    code = "import augury, augury_image.hooks, augury_dusk.hooks as d; print(augury.__file__, d.__file__, sep='\\n')"
    assert all(line.startswith(str(place.site)) for line in place.good("python", "-c", code).splitlines())
    made = place.folder / "augury-dusk"
    found = {
        path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file() and "build" not in path.parts
    }
    assert set(plan("dusk", "image").files()) <= found
    workflow = yaml.safe_load((made / ".github" / "workflows" / "test.yml").read_text())
    assert {"run": "augury plugins check augury-dusk"} in workflow["jobs"]["test"]["steps"]


@pytest.mark.slow
def test_a_recipe_uses_them(place, corpus, tmp_path):
    """One recipe reads the format, moves the kind and runs the ops of three distributions that the core never saw."""
    import pyarrow.parquet as pq

    place.good("augury", "run", "recipe.yaml", "-o", str(tmp_path / "out"), "--workers", "2", cwd=corpus)
    place.good("augury", "verify", str(tmp_path / "out"), cwd=corpus)
    rows = [
        row for path in sorted((tmp_path / "out").rglob("train*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    photos = [row for row in rows if row.get("photo")]
    assert sorted(row["spots"][0] for row in photos) == [[4.0, 7.0], [4.0, 7.0], [16.0, 7.0], [16.0, 7.0]]
    heights = sorted(row["height"] for row in rows if row.get("height"))
    assert heights == [1.5, 2.5, 3.0, 5.0]
    place.good("augury", "run", "others.yaml", "-o", str(tmp_path / "others"), cwd=corpus)
    assert [path.suffix for path in (tmp_path / "others").rglob("train*")] == [".json_seq"]


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_scaffolded_plugins_pass_their_own_tests(place, variant):
    """The tests that were written with a plugin pass as they are, against the installed wheel."""
    printed = place.good("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=place.folder / dist_of(variant))
    assert " passed" in printed and "failed" not in printed and "skipped" not in printed


@pytest.mark.slow
def test_every_entry_loads_from_its_wheel(place):
    """Every op, kind, format and all else imports what it names where it is installed; bridges say what they lack."""
    code = """
    from augury.catalog import registry
    from augury.errors import AuguryError
    from augury.specs import GROUPS
    loaded = 0
    for entry in (entry for group in GROUPS for entry in registry().entries(group)):
        try:
            entry.load()
            loaded += 1
        except AuguryError as error:
            print(entry.full_id, error)
    print(loaded)
    """
    *failed, loaded = place.good("python", "-c", inspect.cleandoc(code)).splitlines()
    told = re.compile(r'augury-bridges/.*Fix: (pip install "augury-bridges\[\w+\]==|use |call it )')
    assert [text for text in failed if not told.match(text)] == []
    assert int(loaded) > 200


@pytest.mark.slow
@pytest.mark.parametrize("project", PROJECTS[1:], ids=lambda path: path.name)
def test_first_party_plugins_pass_their_own_tests(place, project):
    """The tests of our own plugins pass against the installed wheels, those that take long and the kit left out.

    The kit runs on the same code in the tree; what is asked here is whether the wheels hold all that there is.
    """
    if not (project / "tests").is_dir():
        pytest.skip("it has no tests")
    options = ("-q", "-x", "-p", "no:cacheprovider", "-m", "not slow and not real", "-k", "not conforms")
    printed = place.good("python", "-m", "pytest", *options, str(project / "tests"), cwd=ROOT)
    assert " passed" in printed


# -- broken in each way ----------------------------------------------------------------------------------------------


@pytest.fixture
def broken(place):
    """The installed hooks module of one plugin, to be broken; put right afterwards."""
    package = place.site / "augury_dusk"
    (info,) = place.site.glob("augury_dusk-*.dist-info")
    kept = {path: path.read_bytes() for path in (package / "hooks.py", package / "ops.py", info / "entry_points.txt")}
    yield package
    for path, data in kept.items():
        path.write_bytes(data)


def _insert(package, text, where="hooks.py"):
    path = package / where
    path.write_text(f"{text}\n{path.read_text()}")


def _replace(package, old, new, where="hooks.py"):
    path = package / where
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def _other_api(package):
    (info,) = package.parent.glob("augury_dusk-*.dist-info")
    _replace(info, "augury.v1", "augury.v2", "entry_points.txt")


def _misspell(package):
    path = package / "hooks.py"
    path.write_text(path.read_text() + "\n\n@hookimpl\ndef augury_run_stated(run):\n    pass\n")


FAILURES = {
    "raises": (lambda p: _insert(p, "raise ValueError('boom')"), "ValueError: boom", "pip install --force-reinstall"),
    "exits": (lambda p: _insert(p, "raise SystemExit(3)"), "SystemExit: 3", "pip install --force-reinstall"),
    "missing": (
        lambda p: _insert(p, "import no_such_package"),
        "No module named 'no_such_package'",
        "no_such_package.",
    ),
    "returns": (
        lambda p: _replace(p, "return Plugin(", "return dict("),
        "returned dict, not a Plugin",
        "return augury",
    ),
    "misspelt": (_misspell, "augury_run_stated", "rename it to augury_run_started"),
    "version": (_other_api, "another plugin API (augury.v2", "install a version of augury-dusk for augury.v1"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", FAILURES)
def test_a_broken_plugin_breaks_nothing_else(place, corpus, broken, tmp_path, way):
    """The list names cause and fix, what needs the plugin says so, and everything else runs."""
    break_it, cause, fix = FAILURES[way]
    break_it(broken)
    (failure,) = place.json("augury", "plugins", "list", "--json")["failures"]
    assert failure["dist"] == "augury-dusk" and cause in failure["cause"]
    printed = place.good("augury", "plugins", "list")
    line = next(line for line in printed.splitlines() if "plugin 'dusk' of augury-dusk 0.1.0" in line)
    assert cause in line and fix in line.partition("Fix: ")[2]
    refused = place.run("augury", "check", "recipe.yaml", cwd=corpus)
    assert refused.returncode == 2
    assert "image.dusk" in refused.stdout and cause in refused.stdout
    place.good("augury", "run", "others.yaml", "-o", str(tmp_path / "out"), cwd=corpus)
    strict = place.run("augury", "ops", "list", AUGURY_STRICT="1")
    assert strict.returncode == 2 and cause in strict.stdout
    assert "table.shrink" in place.good("augury", "ops", "list", AUGURY_PLUGINS="shrink", AUGURY_STRICT="0")


@pytest.mark.slow
def test_a_missing_dependency_of_an_op_is_told_when_it_is_used(place, corpus, broken, tmp_path):
    """Listing does not notice; using the op names the package and the pip line; others run."""
    _replace(broken, "from typing import Any\n", "from typing import Any\n\nimport no_such_package\n", "ops.py")
    assert place.json("augury", "plugins", "list", "--json")["failures"] == []
    refused = place.run("augury", "check", "recipe.yaml", cwd=corpus)
    assert refused.returncode == 2
    assert "image.dusk of augury-dusk 0.1.0" in refused.stdout
    assert "Fix: pip install no_such_package" in refused.stdout
    place.good("augury", "run", "others.yaml", "-o", str(tmp_path / "out"), cwd=corpus)


@pytest.mark.slow
def test_clashing_ids_are_kept_apart(place, corpus, broken, tmp_path):
    """Both stay under their full ids, using the short one names them, and the list says what to do."""
    _replace(broken, '"image.dusk"', '"table.shrink"')
    printed = place.good("augury", "plugins", "list")
    assert "op 'table.shrink' is given by several" in printed
    assert "Fix: write augury-dusk/table.shrink or augury-shrink/table.shrink, or uninstall one" in printed
    refused = place.run("augury", "check", "others.yaml", cwd=corpus)
    assert refused.returncode == 2
    assert "augury-dusk/table.shrink or augury-shrink/table.shrink" in refused.stdout
    full = tmp_path / "full.yaml"
    full.write_text(OTHERS.replace("table.shrink", "augury-shrink/table.shrink"))
    place.good(
        "augury", "run", str(full), "-o", str(tmp_path / "out"), "--set", f"collect.0.path={corpus}/rows.json_seq"
    )


@pytest.mark.slow
def test_a_slow_import_is_told(place, broken):
    """A plugin that every command waits for still works, and the list says who it is and what to do."""
    _insert(broken, "import time; time.sleep(0.7)")
    printed = place.good("augury", "plugins", "list")
    (line,) = [line for line in printed.splitlines() if "took" in line]
    assert "plugin 'dusk' of augury-dusk 0.1.0: importing augury_dusk.hooks took 0." in line
    assert "Fix: import heavy things" in line
    assert "image.dusk" in place.good("augury", "ops", "list")


# -- installing, checking --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_plugins_come_and_go(place):
    """Install puts a plugin into this environment, uninstall takes it out; nothing else is touched."""
    place.good("augury", "new", "plugin", "extra", "--on", "table")
    before = {p["dist"] for p in place.json("augury", "plugins", "list", "--json")["plugins"]}
    assert "augury-extra" in place.good("augury", "plugins", "install", "./augury-extra", PIP_NO_BUILD_ISOLATION="0")
    after = {p["dist"] for p in place.json("augury", "plugins", "list", "--json")["plugins"]}
    assert after == before | {"augury-extra"}
    assert (place.site / "augury_extra").is_dir()
    place.good("augury", "plugins", "uninstall", "extra")
    assert {p["dist"] for p in place.json("augury", "plugins", "list", "--json")["plugins"]} == before
    gone = place.run("augury", "plugins", "uninstall", "extra")
    assert gone.returncode == 2 and "expected a distribution that gives a plugin" in gone.stdout
    unknown = place.run("augury", "plugins", "install", "augury-no-such-thing")
    assert unknown.returncode == 4 and "expected pip to succeed, got exit code 1" in unknown.stdout


@pytest.mark.slow
def test_check_prints_the_table_and_the_remedy(place, broken):
    """A good plugin passes everything; one that draws from a global state fails with the check's remedy."""
    assert "image.dusk  op  23 of 23" in place.good("augury", "plugins", "check", "dusk")
    _replace(broken, 'return {"strength": rng.uniform(', 'return {"strength": np.random.uniform(', "ops.py")
    done = place.run("augury", "plugins", "check", "augury-dusk")
    assert done.returncode == 1
    assert "image.dusk: repeats_itself" in done.stdout
    assert "Troubleshooting: something is kept between calls, or a random state other than" in done.stdout
    about = json.loads(place.run("augury", "plugins", "check", "dusk", "--json").stdout)
    assert about["failed"] == sum(check["error"] is not None for check in about["checks"]) > 0


def test_arguments_reach_pip_as_names(monkeypatch, capsys):
    """What looks like an option or a shell's command stays one argument after the dashes; short names are known."""
    ran = []
    monkeypatch.setattr("augury.cli.plugins._python", lambda *arguments: ran.append(arguments) or 0)
    assert main(["plugins", "install", "--upgrade", "image", "table", "x; rm -rf /", "./folder"]) == 0
    assert ran[0][-6:] == ("--upgrade", "--", "augury-image", "augury-tabular", "x; rm -rf /", "./folder")
    assert main(["plugins", "uninstall", "text"]) == 0
    assert ran[2][-3:] == ("--yes", "--", "augury-text")
    assert main(["plugins", "uninstall", "augury"]) == 2
    assert main(["plugins", "uninstall", "numpy"]) == 2
    assert len(ran) == 4


# -- the page --------------------------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "first-plugin.md"
PAGES = [PAGE, ROOT / "docs" / "plugins.md"]


def _blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_five_minutes_run_as_written(place, tmp_path):
    """Every command of the page succeeds, in its order, in a fresh folder; the plugin that it makes is used."""
    for text in _blocks(PAGE, "yaml"):
        (tmp_path / re.match(r"# (\S+)\n", text)[1]).write_text(text)
    try:
        for line in "".join(_blocks(PAGE, "shell")).splitlines():
            words = shlex.split(line, comments=True)
            if words[0] == "mkdir":
                (tmp_path / words[1]).mkdir()
            else:
                command = ["python", "-m", "pip", *words[1:]] if words[0] == "pip" else words
                place.good(*command, cwd=tmp_path, PIP_NO_BUILD_ISOLATION="0")
        events = [json.loads(line)["event"] for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
        assert events[-1] == "run_finished"
    finally:
        place.run("augury", "plugins", "uninstall", "ember")


def test_every_hook_and_field_has_a_snippet():
    """Each hook is written out with all its arguments, and each field of `Plugin` is given something."""
    snippets = "\n".join(text for page in PAGES for text in _blocks(page, "python"))
    for hook in (name for name in dir(hookspecs) if name.startswith("augury_")):
        arguments = list(inspect.signature(getattr(hookspecs, hook)).parameters)
        shown = [re.findall(r"\w+", found) for found in re.findall(rf"def {hook}\((.*?)\)", snippets)]
        assert arguments in [[name for name in names if name != "self"] for names in shown], hook
    calls = [node for node in ast.walk(ast.parse(snippets)) if isinstance(node, ast.Call)]
    given = {word.arg for call in calls if ast.unparse(call.func) == "Plugin" for word in call.keywords}
    assert given == set(GROUPS)


def test_the_page_of_first_steps_is_linked():
    """The page about plugins and the index lead to it."""
    assert all("first-plugin.md" in (ROOT / "docs" / name).read_text() for name in ("index.md", "plugins.md"))


# -- scaffolding -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_scaffolds_are_in_the_house_style(variant, tmp_path):
    """What is written needs no formatting and has nothing that the linter finds, whatever the name's length."""
    for name in ("x", "rather-long-name"):
        assert main(["new", "plugin", name, *SCAFFOLDS[variant][1:], "--out", str(tmp_path / name)]) == 0
    rules = ["--line-length", "120", "--no-cache", "--isolated"]
    for tool in (["check", "--select", "E,W,F,I,B,UP,D1,SIM,RUF"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *tool, *rules]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_no_placeholder_is_left():
    """Every name in a template is filled in; the one dollar sign that stays is the workflow's own."""
    for variant in VARIANTS:
        for name, text in plan("film-grain", variant).files().items():
            assert "PACKAGE" not in name and "ID" not in name
            assert "$" not in text.replace("${{ matrix.python }}", ""), name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Blur"], "expected a name such as sepia or film-grain, got 'Blur'"),
        (["../up"], "expected a name such as sepia or film-grain"),
        (["blur"], "expected an id that is not taken, got image.blur of augury-image"),
        (["boxes", "--kind"], "expected an id that is not taken, got boxes of augury-image"),
        (["blank", "--cleaner"], "expected an id that is not taken, got image.blank of augury-image"),
        (["csv", "--format"], "expected an id that is not taken, got csv of augury"),
        (["gan", "--synthesizer"], "a synthesizer, whose contract is not made yet"),
        (["x", "--kind", "--format"], "not allowed with"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_wrong_requests_are_refused(arguments, said, tmp_path, capsys):
    """Nothing is written, and the message says what was expected."""
    assert main(["new", "plugin", *arguments, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_written_over(tmp_path, capsys):
    """The second time is refused, and the first one's files stay as they were changed."""
    assert main(["new", "plugin", "augury-dusk", "--out", str(tmp_path)]) == 0
    readme = tmp_path / "augury-dusk" / "README.md"
    readme.write_text("mine")
    assert main(["new", "plugin", "dusk", "--out", str(tmp_path)]) == 2
    assert "expected a folder that is not there yet" in capsys.readouterr().err
    assert readme.read_text() == "mine"


# -- many ------------------------------------------------------------------------------------------------------------

MANY = """
import json, sys
from augury.cli.main import main
code = main(["ops", "list", "table.made*", "--json"])
listed = [n for n in sys.modules if n.startswith("augury_made") and n.endswith(".ops")]
heavy = sorted({"numpy", "pyarrow", "cv2", "scipy"} & set(sys.modules))
import augury
pipe = augury.pipeline(["table.made042_7"], fields={"x": "number"})
pipe({"x": 1.0}, seed=7, id="a")
used = [n for n in sys.modules if n.startswith("augury_made") and n.endswith(".ops")]
print(json.dumps([code, listed, heavy, used]), file=sys.stderr)
"""


def test_a_thousand_ops_of_a_hundred_plugins_cost_nothing_unused(tmp_path):
    """Listing 1,000 ops imports no op module; the first use of one imports its plugin's alone."""
    generate(tmp_path, 100, 10)
    done = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    code, listed, heavy, used = json.loads(done.stderr.splitlines()[-1])
    assert (code, listed, heavy) == (0, [], [])
    assert used == ["augury_made042.ops"]
    assert len({entry["id"] for entry in json.loads(done.stdout)}) == 1000
