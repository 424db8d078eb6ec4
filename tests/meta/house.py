"""Where things lie: the modules of every distribution and what each imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src" / "augury"
PLUGINS = sorted(path for path in (ROOT / "plugins").glob("*/src/augury_*") if path.is_dir())


class Import(NamedTuple):
    """One import: the module imported, whether it runs when the importing module does, and its line."""

    module: str
    eager: bool
    line: int


def modules(package: Path) -> dict[str, Path]:
    """Return every module of a package by its dotted name."""
    out = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        out[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return out


def imports(path: Path) -> Iterator[Import]:
    """Yield what a file imports; names imported from a package count as modules where they are ones."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _walk(tree, True)


def _walk(node: ast.AST, eager: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, eager, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield Import(child.module, eager, child.lineno)
            yield from (Import(f"{child.module}.{alias.name}", eager, child.lineno) for alias in child.names)
        elif isinstance(child, ast.If) and _type_checking(child):
            continue
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, eager and not inside)


def _type_checking(node: ast.If) -> bool:
    return "TYPE_CHECKING" in ast.dump(node.test)
