"""Imports go down only; plugins import the core's public modules and never each other."""

from collections import defaultdict

import pytest

from tests.meta.house import CORE, PLUGINS, ROOT, imports, modules

# Each layer may import itself and what stands before it.
LAYERS = [
    {"names", "lazy", "errors", "rng", "durable"},
    {"params", "values", "effects", "spaces", "views", "kinds", "record", "scalars"},
    {"op", "specs", "cleaner", "detector", "constraints", "synthesis"},
    {"hookspecs", "plugin", "builtin", "installed", "plugins", "catalog", "functions"},
    {"pipelines"},
    {"formats", "frames", "inference"},
    {"recipe"},
    {"dataset", "engines", "generate"},
    {"preview", "report", "quality", "torch", "scaffold", "observers"},
    {"cli", "__main__", "testing"},
]
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
PUBLIC = {
    "plugin",
    "op",
    "cleaner",
    "constraints",
    "detector",
    "synthesis",
    "formats",
    "effects",
    "kinds",
    "lazy",
    "spaces",
    "errors",
    "rng",
    "params",
    "record",
    "specs",
    "testing",
    "values",
    "views",
}
SHORT_FORMS = {
    ("augury.recipe.model", "augury.dataset"),
    ("augury.dataset.judging", "augury.quality"),
    ("augury.dataset.building", "augury.report.remembered"),
    ("augury.dataset.building", "augury.report.writing"),
}
"""Functions of a higher layer that are called from below, imported when called: ``Recipe.run``, a run's gate and report."""
CORE_MODULES = modules(CORE)


def _part(name):
    return name.split(".")[1] if "." in name else ""


def _core_imports():
    for name, path in CORE_MODULES.items():
        for found in imports(path):
            if found.module in CORE_MODULES and found.module != "augury":
                yield name, found


def test_every_module_has_a_layer():
    """A new top-level module or package of the core is given its place here."""
    assert {_part(name) for name in CORE_MODULES} - {""} <= LEVEL.keys()


def test_imports_go_down_only():
    """No module imports one of a higher layer, not even inside a function; the short forms are named."""
    up = [
        f"{name}:{found.line} imports {found.module}"
        for name, found in _core_imports()
        if _part(name)
        and LEVEL[_part(found.module)] > LEVEL[_part(name)]
        and (found.eager or (name, found.module) not in SHORT_FORMS)
    ]
    assert up == []


def test_no_import_cycles():
    """Modules that import each other when they are loaded form no circle."""
    graph = defaultdict(set)
    for name, found in _core_imports():
        if found.eager and not name.startswith(found.module + ".") and found.module != name:
            graph[name].add(found.module)
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        path.append(name)
        for other in sorted(graph[name]):
            visit(other)
        path.pop()
        done.add(name)

    for name in sorted(graph):
        visit(name)


@pytest.mark.parametrize("package", PLUGINS, ids=lambda p: p.name)
def test_plugins_import_public_modules_only(package):
    """A plugin uses the core's public modules, and no other plugin."""
    wrong = []
    for name, path in modules(package).items():
        for found in imports(path):
            top = found.module.split(".")[0]
            if top.startswith("augury_") and top != package.name:
                wrong.append(f"{name}:{found.line} imports {found.module}")
            if found.module in CORE_MODULES and found.module != "augury" and _part(found.module) not in PUBLIC:
                wrong.append(f"{name}:{found.line} imports {found.module}")
    assert wrong == []


@pytest.mark.parametrize("package", PLUGINS, ids=lambda p: p.name)
def test_hooks_are_light(package):
    """A hooks module, its modules of specs and the package they lie in import nothing heavy when loaded."""
    for path in (package / "hooks.py", package / "__init__.py", *sorted(package.glob("specs*.py"))):
        if path.exists():
            eager = {found.module for found in imports(path) if found.eager}
            outside = {m for m in eager if m.startswith(("augury", "numpy", "scipy", "cv2", "PIL", "pyarrow"))}
            light = ("augury.plugin", "augury.lazy", f"{package.name}.specs")
            allowed = {m for m in outside if m == "augury" or m.startswith(light)}
            assert outside == allowed, f"{path.relative_to(ROOT)} imports {outside - allowed}"
