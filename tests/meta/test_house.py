"""The house's sizes and habits, held by tests: file and function lengths, docstrings, no leftovers, tested hooks."""

import ast
import inspect
import re
import warnings

import pytest

from augury import hookspecs
from tests.meta.house import CORE, PLUGINS, ROOT, modules

SOURCES = {name: path for package in (CORE, *PLUGINS) for name, path in modules(package).items()}
MOST_LINES = 500
WANTED_LINES = 400
MOST_FUNCTION_LINES = 80
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError\(\)|\bpass  # stub")
HOOKS = [name for name in dir(hookspecs) if name.startswith("augury_")]


def _tests():
    return [path for folder in (ROOT / "tests", ROOT / "plugins") for path in folder.rglob("test_*.py")]


class LongFile(UserWarning):
    """A file is longer than wanted and not yet too long."""


@pytest.mark.filterwarnings("default::tests.meta.test_house.LongFile")
def test_files_are_short():
    """No file grows past 500 lines; past 400 it is said."""
    sizes = {name: path.read_text(encoding="utf-8").count("\n") for name, path in SOURCES.items()}
    wanted = {name: size for name, size in sizes.items() if size > WANTED_LINES}
    if wanted:
        warnings.warn(f"longer than the {WANTED_LINES} lines that are wanted: {wanted}", LongFile, stacklevel=1)
    assert {name: size for name, size in wanted.items() if size > MOST_LINES} == {}


def test_functions_are_short():
    """No function grows past 80 lines."""
    long = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, path in SOURCES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MOST_FUNCTION_LINES
    }
    assert long == {}


def test_nothing_is_left_over():
    """No notes to self, no stubs."""
    found = {name: LEFTOVER.findall(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}
    assert {name: notes for name, notes in found.items() if notes} == {}


def test_every_module_says_what_it_is():
    """Each module begins with a docstring."""
    silent = [n for n, path in SOURCES.items() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_hooks_are_documented():
    """Every hook says when it is called; every argument is explained where it first comes."""
    docs = {hook: inspect.getdoc(getattr(hookspecs, hook)) or "" for hook in HOOKS}
    assert all(len(doc) > 40 for doc in docs.values())
    arguments = {a for hook in HOOKS for a in inspect.signature(getattr(hookspecs, hook)).parameters}
    explained = " ".join(docs.values())
    assert {a for a in arguments if a not in explained} == set()


def test_hooks_are_in_the_docs():
    """The page for plugin authors tells of every hook."""
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert [hook for hook in HOOKS if hook not in page] == []


def test_names_of_this_house_only():
    """Plugins' ids begin with what their distribution is for, in lower case, and have a summary."""
    from augury.catalog import registry

    for group in ("ops", "kinds", "formats"):
        for entry in registry().entries(group):
            assert entry.spec.summary.endswith("."), f"{entry.id}: the summary is not a sentence"
            bridged = entry.dist == "augury-bridges"  # names of other libraries
            assert bridged or not re.search(r"random_|Random", entry.id), f"{entry.id}: everything here is random"


def test_tests_have_docstrings():
    """Every test says in a line what it holds."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _tests()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []
