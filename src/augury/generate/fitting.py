"""Fitting: a table's columns, their constraints put into the columns, a codec, a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from augury.catalog import registry
from augury.constraints import Constraint, Plan, judge
from augury.errors import DataError, ParamError, describe, shown
from augury.generate.conditions import length
from augury.generate.generator import Generator
from augury.record import FieldSpec
from augury.synthesis import DEFAULT_BUDGET, Budget, Columns, TensorSpec

MODEL = "synth.forest"
CODEC = "codec.table"
FEWEST_ROWS = 2
MANY = 30
"""Rows from which a category column without any repeated value is refused: it is a key or a text."""
CLASSES = 200
"""Most categories of a column that samples can be balanced on by name alone."""


def fit(
    columns: Columns,
    fields: Mapping[str, FieldSpec],
    *,
    model: str = MODEL,
    params: Mapping[str, Any] | None = None,
    codec: str = CODEC,
    codec_params: Mapping[str, Any] | None = None,
    constraints: Sequence[Constraint] = (),
    target: str | None = None,
    seed: int = 0,
    budget: Budget = DEFAULT_BUDGET,
    checkpoint: Path | None = None,
    observe: Callable[[Mapping[str, Any]], None] | None = None,
) -> Generator:
    """Return a generator of rows like those of a table.

    Args:
        columns: Column to canonical values, one a row, None where missing.
        fields: Column to its spec; the columns that are learned are those of ``fields``.
        model: The id of a synthesizer (``augury.catalog.registry().ids("synthesizers")``).
        params: Its parameters.
        codec: The id of the codec.
        codec_params: Its parameters.
        constraints: What every row keeps; source rows that break one are an error.
        target: A column to predict; synthesizers that are ``target_aware`` are told it.
        seed: What all randomness comes from.
        budget: Steps, patience, threads.
        checkpoint: A folder to keep progress in, for synthesizers that can go on from it.
        observe: Called with progress now and then.

    Raises:
        DataError: for rows that cannot be learned, with what to change.
        UnknownId, ParamError: for a model or codec that is not there, or is configured wrongly.
    """
    synthesizer = registry().load("synthesizers", model).build(params or {}, model)
    coder = registry().load("codecs", codec).build(codec_params or {}, codec)
    _check_rows(columns, fields, target)
    plan = Plan(constraints, fields)
    if plan.refused:
        entry = plan.refused[0]
        fix = "take one of the two away"
        raise ParamError(describe("constraints", "rules that go together", shown(entry.reason), fix=fix))
    arrays = {name: spec.kind.to_column(columns[name]) for name, spec in fields.items()}
    learned = {c.text: c.fit(arrays, fields) for c in constraints if c.fits}
    _check_constraints(constraints, arrays, fields, learned)
    plan_state = plan.fit(arrays)
    seen = plan.fields_after(plan_state)
    state = coder.fit(plan.forward(arrays, plan_state), seen)
    spec: TensorSpec = coder.spec(state)
    train = coder.encode(state, plan.forward(arrays, plan_state))
    if refusal := synthesizer.supports(spec, length(columns)):
        raise DataError(describe(model, "a table it can learn", shown(refusal.reason), fix=refusal.fix))
    told = synthesizer.caps.target_aware and target in {b.name for b in spec.blocks}
    fitted = synthesizer.fit(
        train, spec, seed=seed, budget=budget, target=target if told else None, checkpoint=checkpoint, observe=observe
    )
    training = {
        "rows": length(columns),
        "sha256": training_hash(arrays),
        "classes": {name: found for name, spec in fields.items() if (found := _classes(columns[name], spec))},
        "constraints": learned,
    }
    return Generator(
        synthesizer, coder, dict(fields), tuple(constraints), plan_state, state, fitted, target, seed, training,
        tuple(coder.notes(state)),
    )  # fmt: skip


def training_hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Return a SHA-256 of a table's columns and values, in their order."""
    digest = sha256()
    for name, array in sorted(arrays.items()):
        text = "\0".join(map(repr, array.tolist())) if array.dtype == object else ""
        plain = text.encode("utf-8", "surrogatepass") if text else array.tobytes()
        digest.update(name.encode("utf-8", "surrogatepass") + b"\0" + plain + b"\0")
    return digest.hexdigest()


def _check_rows(columns: Columns, fields: Mapping[str, FieldSpec], target: str | None) -> None:
    """Refuse tables that no model can learn from."""
    rows = length(columns)
    if not fields or rows < FEWEST_ROWS:
        got = shown(f"{rows} rows of {len(fields)} columns")
        fix = "give more rows"
        raise DataError(describe("table", f"at least one column and {FEWEST_ROWS} rows", got, fix=fix))
    for name, spec in fields.items():
        if spec.kind_id == "category" and spec.role != "key" and rows >= MANY:
            distinct = len(set(columns[name]))
            if distinct == rows:
                got = shown(f"{distinct} categories in {rows} rows")
                fix = "leave the column out (--drop), or declare it an id: keys are made anew"
                raise DataError(describe(f"column {name!r}", "categories that repeat", got, fix=fix))
    if target is not None:
        if target not in fields:
            fix = "name a column of the table"
            raise DataError(describe("target", "a known column", target, name=target, known=fields, fix=fix))
        if len(set(columns[target]) - {None}) < 2:
            got = shown("one" if set(columns[target]) - {None} else "none")
            fix = "give rows of several classes, or leave --target out"
            raise DataError(describe(f"target {target!r}", "at least two different values", got, fix=fix))


def _check_constraints(
    constraints: Sequence[Constraint],
    arrays: Mapping[str, np.ndarray],
    fields: Mapping[str, FieldSpec],
    learned: Mapping[str, Any],
) -> None:
    for text, broken in judge(constraints, arrays, fields, learned).items():
        if broken.any():
            got = shown(f"{int(broken.sum())} that do not, the first in row {int(np.flatnonzero(broken)[0]) + 1}")
            fix = "correct or leave out those rows, or take the constraint away"
            raise DataError(describe(f"constraint {text}", "rows that keep it", got, fix=fix))


def _classes(values: Sequence[Any], spec: FieldSpec) -> list[Any]:
    """Return a column's categories, the commonest first; none where they are not categories or too many."""
    if spec.kind_id not in ("category", "ordinal", "boolean"):
        return []
    counts = Counter(value for value in values if value is not None)
    return sorted(counts, key=lambda v: (-counts[v], str(v))) if 1 < len(counts) <= CLASSES else []
