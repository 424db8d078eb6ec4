"""ops, plugins, schema and doctor."""

import json
from importlib.util import find_spec

import pytest
import yaml

from augury.catalog import registry


def test_ops_list(augury):
    """Every op is listed, sorted, with what it acts on and where it comes from."""
    lines = augury("ops", "list").out.splitlines()
    assert lines[0].split() == ["ID", "ACTS", "ON", "EFFECT", "PLUGIN", "SUMMARY"]
    assert [line.split()[0] for line in lines[1:]] == registry().ids("ops")


@pytest.mark.parametrize("pattern", ["table.*", "table."])
def test_ops_list_pattern(augury, pattern):
    """A shell pattern or a part of the id chooses."""
    listed = json.loads(augury("ops", "list", pattern, "--json").out)
    assert [op["id"] for op in listed] == [name for name in registry().ids("ops") if name.startswith("table.")]


def test_ops_list_nothing(augury):
    """A pattern that matches nothing names the nearest ids."""
    ran = augury("ops", "list", "image.rotat3")
    assert ran.code == 2 and "Did you mean image.rotate" in ran.err


def test_ops_show(augury):
    """An op is shown with parameters, bounds, defaults, what follows it, and a step to copy."""
    ran = augury("ops", "show", "image.rotate")
    assert ran.code == 0
    for part in ("image.rotate  version", "from augury-image", "angle_deg_range: (float, float)", "default [", "Warp;"):
        assert part in ran.out
    assert "boxes" in ran.out and "keypoints" in ran.out
    step = yaml.safe_load(ran.out[ran.out.index("  - image.rotate:") :])
    registry().load("ops", "image.rotate").build(step[0]["image.rotate"])


@pytest.mark.parametrize("name", [e.id for e in registry().ops() if e.dist != "augury-bridges"])
def test_every_op_can_be_shown(augury, name):
    """Every installed op shows itself, as text and as JSON."""
    assert augury("ops", "show", name).code == 0
    about = json.loads(augury("ops", "show", name, "--json").out)
    assert about["id"] == name and about["parameters"]["type"] == "object" and about["doc"]


def test_ops_show_unknown(augury):
    """An unknown op names the nearest."""
    ran = augury("ops", "show", "image.rotte")
    assert ran.code == 2
    assert ran.err.startswith(
        "augury ops show: expected an op that is installed, got 'image.rotte'. Did you mean image.rotate"
    )


def test_value_ops_leave_targets(augury):
    """An op on values says that targets stay."""
    assert "targets stay as they are" in augury("ops", "show", "image.gamma").out


def test_plugins_list(augury):
    """Every plugin is listed with what it gives and how long it took."""
    ran = augury("plugins", "list")
    assert ran.code == 0 and "augury-image" in ran.out and " ms" in ran.out
    about = json.loads(augury("plugins", "list", "--json").out)
    names = [p["dist"] for p in about["plugins"]]
    assert names[0] == "augury" and "augury-text" in names
    assert about["plugins"][0]["gives"]["kinds"] >= 6 and about["clashes"] == {}


def test_broken_plugin_is_told(augury, tmp_path, monkeypatch):
    """A plugin that fails to import is listed with cause and fix, and the rest works."""
    info = tmp_path / "augury_broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: augury-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[augury.v1]\nbroken = augury_broken_hooks\n")
    (tmp_path / "augury_broken_hooks.py").write_text("import a_module_that_is_missing\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry.cache_clear()
    try:
        ran = augury("plugins", "list")
        doctor = augury("doctor", "--json")
    finally:
        registry.cache_clear()
    assert ran.code == 0 and "Failed" in ran.out
    assert "augury-broken 1.0: importing augury_broken_hooks raised ModuleNotFoundError" in ran.out
    assert "Fix: pip install a_module_that_is_missing." in ran.out
    assert doctor.code == 1
    wrong = [f for f in json.loads(doctor.out)["findings"] if f["state"] == "wrong"]
    assert [f["what"] for f in wrong] == ["augury-broken"]


def test_schema(augury, tmp_path):
    """The schema is JSON, on standard output or in a file."""
    printed = json.loads(augury("schema").out)
    ran = augury("schema", "-o", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text()) == printed and "s.json" in ran.out


def test_doctor(augury):
    """This installation is well: every plugin's ops run."""
    ran = augury("doctor")
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1] == "all is well"
    for plugin in ("augury-image", "augury-text", "augury-audio", "augury-tabular"):
        assert f"{plugin}: its " in ran.out


def test_doctor_names_what_is_missing(augury, monkeypatch):
    """A first-party plugin that is left out is noted, and is nothing wrong."""
    monkeypatch.setenv("AUGURY_PLUGINS", "text")
    registry.cache_clear()
    try:
        ran = augury("doctor", "--json")
    finally:
        registry.cache_clear()
    notes = {f["what"]: f["text"] for f in json.loads(ran.out)["findings"] if f["state"] == "note"}
    assert ran.code == 0 and "augury-image" in notes and "AUGURY_PLUGINS" in notes["augury-image"]


def test_doctor_says_which_extras_are_here_and_the_line_for_those_that_are_not(augury):
    """Each bridged library is loaded or noted with its exact pip line; the device is named."""
    findings = {f["what"]: f for f in json.loads(augury("doctor", "--json").out)["findings"]}
    assert findings["device"]["text"]
    for library in ("albumentations", "librosa", "nlpaug"):
        found = findings[library]
        assert found["state"] == "ok" or f'pip install "augury-bridges[{library}]' in found["text"]
    assert find_spec("librosa") is None or findings["librosa"]["state"] == "ok"
    assert find_spec("nlpaug") is not None or findings["nlpaug"]["state"] == "note"
