"""Conformance of what an op declares: its spec, parameters, errors and documentation. Nothing is run."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from functools import cache
from typing import Any

from augury.catalog import registry
from augury.errors import ParamError
from augury.op import Op, kinds_of
from augury.params import json_schema
from augury.testing.op_case import OPS, OpCase
from augury.testing.suite import refusal

check = OPS.check

HEAVY = ("numpy", "scipy", "cv2", "torch", "pyarrow", "pandas", "numba", "PIL")
"""What a hooks module must not import."""


@check()
def loads(case: OpCase) -> None:
    """The spec's target is an op that is what the spec says: the kinds, the effect, the id.

    Troubleshooting: correct the OpSpec in the plugin's hooks, or the class it names.
    """
    assert isinstance(case.cls, type) and issubclass(case.cls, Op), f"{case.spec.target} is not an Op"
    declared = (case.spec.on,) if isinstance(case.spec.on, str) else tuple(case.spec.on)
    assert declared == kinds_of(case.cls), f"the spec says on={declared}, the class {kinds_of(case.cls)}"
    assert case.cls.entry_id == case.entry.id
    assert case.spec.summary, "the spec has no summary"
    assert case.spec.version >= 1


@check()
def is_listed_without_import(case: OpCase) -> None:
    """Listing the op imports neither its module nor an array library.

    Troubleshooting: a hooks module imports augury.plugin only; classes are named in strings.
    """
    loaded = next(p for p in registry().plugins if p.dist == case.entry.dist)
    imported = _imported_by(loaded.target.partition(":")[0])
    assert case.spec.target.partition(":")[0] not in imported, f"{loaded.target} imports {case.spec.target}"
    assert not imported.intersection(HEAVY), f"{loaded.target} imports {sorted(imported.intersection(HEAVY))}"


@cache
def _imported_by(module: str) -> frozenset[str]:
    code = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, env=env
    )
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


@check()
def rejects_wrong_parameters(case: OpCase) -> None:
    """An unknown parameter and a reversed range are refused where they are written, in the house's template.

    Troubleshooting: annotate parameters with Range, IntRange, Within; name ranges ``..._range``.
    """
    given = case.op.to_dict()
    text = refusal(ParamError, "an unknown parameter", case.cls.build, {**given, "no_such_parameter": 1})
    assert "no_such_parameter" in text
    for name, value in given.items():
        if name.endswith("_range") and isinstance(value, list) and value[0] < value[1]:
            refusal(ParamError, f"{name} reversed", case.cls.build, {**given, name: value[::-1]})


@check()
def keeps_bounds(case: OpCase) -> None:
    """A number outside the bounds a parameter declares is refused.

    Troubleshooting: declare bounds with Annotated[..., Within(lo, hi)]; do not clip silently.
    """
    given = case.op.to_dict()
    for param in case.declared:
        value = given[param.name]
        for wrong in (param.bounds.lo - 1, param.bounds.hi + 1):
            if abs(wrong) == float("inf") or value is None or isinstance(value, str | bool | dict):
                continue
            bad: Any = wrong if not isinstance(value, list) else [wrong] * len(value)
            if bad != []:
                refusal(ParamError, f"{param.name}={bad}", case.cls.build, {**given, param.name: bad})


@check()
def publishes_a_schema(case: OpCase) -> None:
    """The JSON Schema names every parameter, allows no other, and every default is plain JSON.

    Troubleshooting: use parameter types that augury.params documents.
    """
    schema = json.loads(json.dumps(json_schema(case.cls)))
    assert set(schema["properties"]) == {p.name for p in case.declared}
    assert schema["additionalProperties"] is False


@check()
def survives_a_recipe(case: OpCase) -> None:
    """The op written into a recipe and read back is equal.

    Troubleshooting: parameters must be plain values; ``check_params`` must not depend on their container types.
    """
    written = json.loads(json.dumps(case.op.to_dict()))
    assert case.cls.build(written) == case.op


@check()
def pickles(case: OpCase) -> None:
    """The op crosses processes and comes back equal.

    Troubleshooting: an op holds parameters and nothing else.
    """
    assert pickle.loads(pickle.dumps(case.op)) == case.op


@check()
def is_documented(case: OpCase) -> None:
    """The docstring has a summary and the sections Fields, Args (each parameter), Draws and Cost.

    Troubleshooting: write the missing section; first line a sentence, units and ranges in Args.
    """
    doc = case.cls.__doc__ or ""
    assert re.match(r"\s*\S.*[.!?]", doc), "the docstring's first line is not a sentence"
    sections = ["Fields:", "Cost:"] + (["Args:"] if case.declared else [])
    sections += ["Draws:"] if case.draws else []
    missing = [s for s in sections if s not in doc]
    assert not missing, f"the docstring lacks {', '.join(missing)}"
    undocumented = [p.name for p in case.declared if not p.doc]
    assert not undocumented, f"Args: lacks {', '.join(undocumented)}"
