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
    from augury.quality import Protocol, evaluate, evaluate_histories, history_of, hold

    assert entry.gate is not None

    def asked(generator: Generator, part: Rows) -> Iterator[Rows]:
        for value, count in streams_of(entry, generator, part[entry.level] if entry.level else ()):
            yield from generator.stream(count, where_of(entry, value))

    how: dict[str, Any] = {**entry.fitting(constraints), "protocol": Protocol(seeds=entry.gate.seeds), "held": held}
    try:
        if history_of(fields):
            checks = hold(entry.gate, evaluate_histories(rows, fields, **how))
            document = None
        else:
            found = evaluate(rows, fields, **how, baselines=(), written=asked)
            checks, document = hold(entry.gate, found), found.to_dict()
    except DataError as error:
        check = {"asked": "rows that can be judged", "got": str(error), "passed": False}
        return {"passed": False, "checks": [check], "evaluation": None}
    passed = all(check.passed for check in checks)
    return {"passed": passed, "checks": [check._asdict() for check in checks], "evaluation": document}


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
    from augury.quality import BASELINES, Protocol, evaluate, history_of

    if name := history_of(fields):
        return _histories(name, train, test, written)
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


def _histories(name: str, train: Rows, test: Rows, written: Iterable[Rows] | None) -> dict[str, Any]:
    from augury.quality import compare

    made = [value for part in written or () for value in part[name]]
    if not made:
        note = "It was not judged: no rows were made, or a step has changed what they hold"
        return {"evaluation": None, "held": "", "note": note}
    found = compare(train[name], test[name], made).to_dict()
    told = {"histories": {name: found["sides"]}, "judged": {n: found[n] for n in ("verdict", "reasons", "users")}}
    return {"evaluation": None, "held": "the test side", "note": "", **told}
