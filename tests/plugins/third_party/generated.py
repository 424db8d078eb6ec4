"""Many small distributions, written as if they were installed."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.demo_dist import write_dist

HOOKS = '''"""Hooks."""
from augury.plugin import OpSpec, Plugin, hookimpl


@hookimpl
def augury_plugin():
    """Return the entries."""
    return Plugin(ops=[OpSpec(f"table.{name}_{{i}}", f"augury_{name}.ops:Op{{i}}", "An op.", on="row") for i in range({ops})])
'''
OPS = '''"""Ops."""
from augury.effects import Rows
from augury.op import Op


class Base(Op):
    """Change nothing."""

    on = "row"
    columns = ("number",)

    def effect(self, draw, info):
        """Return the columns as they are."""
        names = tuple(info.size.columns)
        return Rows(same, {{}}, names, names)


def same(columns):
    """Return the columns."""
    return dict(columns)


for i in range({ops}):
    globals()[f"Op{{i}}"] = type(f"Op{{i}}", (Base,), {{"__module__": __name__, "__doc__": "Change nothing."}})
'''


def generate(site: Path, dists: int, ops: int) -> list[str]:
    """Write ``dists`` distributions of ``ops`` ops each into ``site``; return their short names."""
    names = [f"made{number:03d}" for number in range(dists)]
    for name in names:
        package = site / f"augury_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text('"""A plugin."""\n')
        (package / "hooks.py").write_text(HOOKS.format(name=name, ops=ops))
        (package / "ops.py").write_text(OPS.format(ops=ops))
        write_dist(site, f"augury-{name}", entries={name: f"augury_{name}.hooks"})
    return names
