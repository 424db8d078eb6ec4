"""Finding plugins: good ones load, broken ones are recorded with cause and fix and take nothing else down."""

import subprocess
import sys

import pytest

from augury.catalog import registry
from augury.errors import AmbiguousId, PluginBroken, UnknownId
from tests.plugins.demo_dist import installed, write_dist

HOOKS = """
from augury.plugin import KindSpec, OpSpec, Plugin, hookimpl
@hookimpl
def augury_plugin():
    return Plugin(ops=[{ops}])
"""


def _dist(site, name, hooks, *, group="augury.v1", version="1.0"):
    """Write a distribution ``name`` with one module of hooks."""
    module = name.replace("-", "_") + "_hooks"
    (site / f"{module}.py").write_text(hooks)
    write_dist(site, name, version, group=group, entries={name.removeprefix("augury-"): module})


def _ops(*ids, target="nowhere:Nothing"):
    specs = ", ".join(f'OpSpec("{i}", "{target}", "An op.", on="x")' for i in ids)
    return HOOKS.format(ops=specs)


@pytest.fixture
def site(tmp_path):
    """A folder on the path, without any other plugin."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def _failure(name):
    (failure,) = [f for f in registry().failures if f.dist == name]
    return failure


def test_plugins_are_found_and_sorted(site):
    """Distributions load in sorted order after the core, wherever they lie on the path."""
    for name in ("augury-b", "augury-a"):
        _dist(site, name, _ops(f"{name[-1]}.op"))
    with installed(site, only="augury-a,b"):
        assert [p.dist for p in registry().plugins] == ["augury", "augury-a", "augury-b"]
        assert registry().ids("ops") == ["a.op", "b.op"]
        assert registry().failures == ()


BROKEN = {
    "import": (
        "import no_such_module_at_all\n",
        "No module named 'no_such_module_at_all'",
        "pip install no_such_module_at_all",
    ),
    "syntax": ("def (:\n", "SyntaxError", "reinstall"),
    "exit": ("raise ValueError('boom')\n", "boom", "reinstall"),
    "nohook": ("x = 1\n", "no function augury_plugin", "define augury_plugin"),
    "unmarked": ("def augury_plugin():\n    return 1\n", "marked with @hookimpl", "define augury_plugin"),
    "returns": (
        HOOKS.replace("Plugin(ops=[{ops}])", "[1]"),
        "returned list, not a Plugin",
        "return augury.plugin.Plugin",
    ),
    "nothing": (HOOKS.replace("Plugin(ops=[{ops}])", "None"), "returned NoneType", "return augury.plugin.Plugin"),
    "field": (HOOKS.replace("ops=[{ops}]", "opps=[]"), "unexpected keyword argument 'opps'", "correct the hooks"),
    "spec": (_ops("Not An Id"), "is not of the form", "correct the hooks"),
    "raises": (
        HOOKS.replace("return", "raise KeyError('k')\n    return").replace("{ops}", ""),
        "KeyError",
        "correct the hooks",
    ),
    "misspelt": (
        _ops("x.y") + "\n@hookimpl\ndef augury_run_stated(run):\n    pass\n",
        "augury_run_stated",
        "rename it to augury_run_started",
    ),
    "arguments": (_ops("x.y") + "\n@hookimpl\ndef augury_run_started(wrong):\n    pass\n", "wrong", "use one of"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_plugins_are_recorded(site, case):
    """Each way to be broken is a failure with its cause and a fix; the plugin beside it loads."""
    hooks, cause, fix = BROKEN[case]
    _dist(site, "augury-broken", hooks)
    _dist(site, "augury-good", _ops("good.op"))
    with installed(site, only="augury-broken,augury-good"):
        failure = _failure("augury-broken")
        assert cause in failure.cause
        assert fix in failure.fix
        assert registry().ids("ops") == ["good.op"]
        with pytest.raises(UnknownId, match="augury-broken"):
            registry().get("ops", "broken.op")


def test_two_broken_plugins_are_two_failures(site):
    """One plugin's pending hook does not make the next one fail."""
    _dist(site, "augury-a", BROKEN["misspelt"][0])
    _dist(site, "augury-b", _ops("b.op"))
    _dist(site, "augury-c", BROKEN["import"][0])
    with installed(site, only="a,b,c"):
        assert [f.dist for f in registry().failures] == ["augury-a", "augury-c"]
        assert registry().ids("ops") == ["b.op"]


def test_strict_mode_raises(site, monkeypatch):
    """With AUGURY_STRICT=1 the first failure stops everything, with its cause."""
    _dist(site, "augury-broken", BROKEN["exit"][0])
    with installed(site, only="augury-broken"):
        monkeypatch.setenv("AUGURY_STRICT", "1")
        with pytest.raises(PluginBroken, match="boom") as caught:
            registry()
        assert isinstance(caught.value.__cause__, ValueError)


def test_other_api_versions_are_listed(site):
    """A plugin for another major version is not loaded, and says what to install."""
    _dist(site, "augury-next", _ops("next.op"), group="augury.v2")
    with installed(site):
        failure = _failure("augury-next")
        assert "augury.v2" in failure.cause
        assert "augury.v1" in failure.fix
        assert "next.op" not in registry().ids("ops")


@pytest.mark.parametrize(
    ("allowed", "found"),
    [("", []), ("augury-a", ["a.op"]), ("a", ["a.op"]), (" A , augury-B ", ["a.op", "b.op"]), ("nothing", [])],
)
def test_allow_list(site, allowed, found):
    """AUGURY_PLUGINS admits by distribution or entry name; empty is safe mode; the core is always there."""
    _dist(site, "augury-a", _ops("a.op"))
    _dist(site, "augury-b", _ops("b.op"))
    with installed(site, only=allowed):
        assert registry().ids("ops") == found
        assert "number" in registry().ids("kinds")


def test_clashes_are_kept_apart(site):
    """Two distributions may give one id: each has its full id, the short one is refused, listings show both."""
    _dist(site, "augury-a", _ops("both.op", "a.op"))
    _dist(site, "augury-b", _ops("both.op"))
    with installed(site, only="a,b"):
        assert registry().ids("ops") == ["a.op", "augury-a/both.op", "augury-b/both.op"]
        assert [e.full_id for e in registry().ops("both.*")] == ["augury-a/both.op", "augury-b/both.op"]
        assert registry().get("ops", "augury-b/both.op").dist == "augury-b"
        assert list(registry().clashes()) == ["ops:both.op"]
        with pytest.raises(AmbiguousId, match=r"augury-a/both\.op or augury-b/both\.op"):
            registry().get("ops", "both.op")


def test_builtin_ids_are_reserved(site):
    """A plugin cannot take the short id of a built-in entry; its own stays reachable by the full id."""
    hooks = HOOKS.replace("ops=[{ops}]", 'kinds=[KindSpec("number", "nowhere:Nothing", "Mine.")]')
    _dist(site, "augury-a", hooks)
    with installed(site, only="a"):
        assert registry().get("kinds", "number").dist == "augury"
        assert registry().get("kinds", "augury-a/number").dist == "augury-a"
        assert {"number", "augury-a/number"} <= set(registry().ids("kinds"))


def test_aliases_find_the_new_id(site):
    """A former id finds the entry that took its place; an entry of that id comes first."""
    hooks = HOOKS.format(
        ops='OpSpec("a.new", "x:Y", "New.", aliases=("a.old", "a.live")), OpSpec("a.live", "x:Z", "Live.")'
    )
    _dist(site, "augury-a", hooks)
    with installed(site, only="a"):
        assert registry().get("ops", "a.old").id == "a.new"
        assert registry().get("ops", "a.live").id == "a.live"
        assert registry().ids("ops") == ["a.live", "a.new"]


def test_clashing_aliases_are_refused(site):
    """One former id claimed by two distributions is ambiguous, not whichever came last."""
    for name in "ab":
        _dist(site, f"augury-{name}", HOOKS.format(ops=f'OpSpec("{name}.new", "x:Y", "New.", aliases=("old.op",))'))
    with installed(site, only="a,b"), pytest.raises(AmbiguousId, match=r"augury-a/a\.new or augury-b/b\.new"):
        registry().get("ops", "old.op")


def test_broken_targets_say_why(site):
    """An entry whose target cannot be imported names the plugin, the target, the cause and the fix, each time."""
    _dist(site, "augury-a", HOOKS.format(ops='OpSpec("a.op", "no_such_thing:Op", "An op.", on="x")'))
    _dist(
        site, "augury-b", HOOKS.format(ops='OpSpec("b.op", "augury.op:NoSuchOp", "An op.", hint="pip install b[all]")')
    )
    with installed(site, only="a,b"):
        for _ in range(2):
            with pytest.raises(
                PluginBroken, match=r"a.op of augury-a 1.0: importing no_such_thing:Op.*pip install no_such_thing"
            ):
                registry().load("ops", "a.op")
        with pytest.raises(PluginBroken, match=r"NoSuchOp.*Fix: pip install b\[all\]"):
            registry().load("ops", "b.op")


def test_unknown_ids_name_neighbours(site):
    """An unknown id names the nearest ones; one of an uninstalled first-party plugin names what to install."""
    _dist(site, "augury-a", _ops("a.rotate", "a.blur"))
    with installed(site, only="a"):
        with pytest.raises(UnknownId, match=r"Did you mean a\.rotate"):
            registry().get("ops", "a.rotat")
        with pytest.raises(UnknownId, match="pip install augury-image"):
            registry().get("ops", "image.rotate")
        with pytest.raises(UnknownId, match="Did you mean category"):
            registry().get("kinds", "categories")
        with pytest.raises(UnknownId):
            registry().get("ops", "augury-b/a.rotate")


def test_core_requirements_are_checked_on_use(site):
    """A distribution that needs another core loads its list, and is refused when used."""
    _dist(site, "augury-needs", _ops("a.op", target="augury.op:Op"))
    metadata = next(site.glob("*.dist-info")) / "METADATA"
    metadata.write_text(metadata.read_text() + "Requires-Dist: augury>=99\n")
    with installed(site, only="needs"):
        assert registry().ids("ops") == ["a.op"]
        with pytest.raises(PluginBroken, match="expected augury >=99"):
            registry().load("ops", "a.op")


def test_one_distribution_on_two_paths_is_one_plugin(site, tmp_path):
    """The same distribution found twice is not a clash with itself."""
    _dist(site, "augury-a", _ops("a.op"))
    with installed(site, site, only="a"):
        assert registry().clashes() == {}


def test_listing_imports_no_target(site):
    """Finding and listing imports hooks only."""
    (site / "heavy_ops.py").write_text("raise SystemError('imported')\n")
    _dist(site, "augury-a", _ops("a.op", target="heavy_ops:Op"))
    code = "import sys; from augury.catalog import registry; print([e.id for e in registry().ops('a.*')], 'heavy_ops' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=site,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['a.op'] False"
