"""Judging made rows: a gate on an inner split of the training side, and for the report on records that are held out.

Both measure by `augury.quality`, which is of a higher layer and is imported when called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from augury.dataset.made import streams_of, where_of
from augury.errors import DataError, PluginError
from augury.generate import Generator
from augury.recipe.model import Evaluate
from augury.recipe.synthesis import Synthesis
from augury.record import FieldSpec

Rows = Mapping[str, list[Any]]

FEWEST = 10
"""Fewest held-out records that a report judges by; with fewer it holds out training records."""


def gate(
    entry: Synthesis, rows: Rows, fields: Mapping[str, FieldSpec], constraints: Sequence[Any], held: np.ndarray | None
) -> dict[str, Any]:
    """Return whether an entry's model passes its gate, with what was asked and what came.

    Nothing but training records is looked at: the model is fitted on a part of them and judged on the rest. What cannot
    be measured does not pass.

    Args:
        entry: The entry, with its gate.
        rows: What its training records hold.
        fields: Their specs.
        constraints: What holds between them.
        held: Positions of the records that are held out of the fit; None draws a quarter.
    """
    from augury.quality import Protocol, evaluate, hold

    assert entry.gate is not None

    def asked(generator: Generator, part: Rows) -> Iterator[Rows]:
        for value, count in streams_of(entry, generator, part[entry.level] if entry.level else ()):
            yield from generator.stream(count, where_of(entry, value))

    try:
        found = evaluate(
            rows, fields, **entry.fitting(constraints), protocol=Protocol(seeds=entry.gate.seeds), baselines=(),
            held=held, written=asked,
        )  # fmt: skip
    except DataError as error:
        check = {"asked": "rows that can be judged", "got": str(error), "passed": False}
        return {"passed": False, "checks": [check], "evaluation": None}
    checks = [check._asdict() for check in hold(entry.gate, found)]
    return {"passed": all(c["passed"] for c in checks), "checks": checks, "evaluation": found.to_dict()}


def evaluate(
    entry: Synthesis,
    how: Evaluate,
    train: Rows,
    test: Rows,
    fields: Mapping[str, FieldSpec],
    constraints: Sequence[Any],
    written: Iterable[Rows] | None,
    observe: Callable[[str], None],
) -> dict[str, Any]:
    """Return what an entry's rows are worth: its ``evaluation``, on which rows (``held``), or why there is none.

    Of histories no model is fitted anew: the rows that were made are compared with the training side.

    Args:
        entry: The entry.
        how: Seeds, baselines, most rows.
        train: What its training records hold.
        test: What records of the test side hold; with few of them a quarter of the training records is held out.
        fields: Their specs.
        constraints: What holds between them.
        written: The rows that were made, in parts; None where they cannot be compared.
        observe: Told what is measured.
    """
    from augury.quality import BASELINES, Protocol, evaluate

    if histories := [name for name, spec in fields.items() if spec.kind.space != "row"]:
        return _histories(histories, train, test, written or ())
    count, more = (len(next(iter(side.values()), ())) for side in (train, test))
    enough = more >= FEWEST
    rows = {name: [*values, *test[name]] for name, values in train.items()} if enough else train
    try:
        found = evaluate(
            rows, fields, **entry.fitting(constraints), protocol=Protocol(seeds=how.seeds, rows=how.rows),
            baselines=BASELINES if how.baselines else (), observe=observe,
            held=np.arange(count, count + more) if enough else None, written=written,
        )  # fmt: skip
    except (DataError, PluginError) as error:
        return {"evaluation": None, "held": "", "note": f"It was not judged: {error}"}
    held = "the test side" if enough else "a quarter of the training side, since the test side has too few records"
    return {"evaluation": found.to_dict(), "held": held, "note": ""}


def _histories(names: Sequence[str], train: Rows, test: Rows, written: Iterable[Rows]) -> dict[str, Any]:
    from augury.quality import likeness

    made = list(written)
    found = {}
    for name in names:
        sides = {"made": [value for part in made for value in part[name]], "held out": test[name]}
        found[name] = {side: likeness(train[name], values)._asdict() for side, values in sides.items() if values}
    return {"evaluation": None, "held": "the test side", "note": "", "histories": found}
