"""The protocol: one fixed split, several seeds, the same measures for a model and for what is simpler than it.

For each seed a model is fitted twice. Fitted on all training rows, one sample of as many rows gives utility and
fidelity; fitted on the half T, one sample of as many rows gives privacy. The test rows are seen by no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from augury.constraints import Constraint
from augury.errors import DataError, describe, shown
from augury.generate import Generator, fit
from augury.quality.coded import Coded, Coder, capped, rows_of
from augury.quality.fidelity import marginals, pairs, shares_of, two_sample_auc
from augury.quality.privacy import Privacy, Space, halve
from augury.quality.utility import Task, floor, other_tasks, others_mean, score, task_of
from augury.quality.verdict import Verdict, judge
from augury.record import FieldSpec
from augury.rng import generator, hash_point
from augury.synthesis import DEFAULT_BUDGET, Budget

BASELINES = ("synth.bootstrap", "synth.smotenc", "synth.marginals", "synth.copula")
FEWEST = 40
REAL_DRAWS = 3
"""Choices of rows that what real rows say of other columns is the mean of: everything is compared with it."""
MOST_COLUMNS = 12
"""Columns whose shares are kept for plots."""

Rows: TypeAlias = Mapping[str, list[Any]]
Sampler: TypeAlias = Callable[[int], Iterable[Rows]]
"""Number of rows to the rows, in parts."""
Maker: TypeAlias = Callable[[Rows, int], Sampler]
"""(training rows, seed) to a sampler: whatever makes rows can be judged."""
Written: TypeAlias = Callable[[Generator, Rows], Iterable[Rows]]
"""(the model of the training rows, these) to rows as they would be made for use, in parts."""


class Protocol(NamedTuple):
    """How it is measured.

    Args:
        seeds: Fits, each with its own seed; figures are their mean and spread.
        test: Share of rows that no model sees.
        rows: Most training rows; a larger table is cut to so many, chosen by key.
        near: Most rows of T, H and samples that distances are measured on.
        seed: What the split comes from.
    """

    seeds: int = 3
    test: float = 0.25
    rows: int = 50_000
    near: int = 12_500
    seed: int = 0


class Figures(NamedTuple):
    """One candidate's figures: each name's values by seed, and the privacy and verdict they lead to."""

    name: str
    target_aware: bool
    values: Mapping[str, tuple[float, ...]]
    verdict: Verdict

    def mean(self, name: str) -> float | None:
        """Return a figure's mean over the seeds; None where it was not measured."""
        values = self.values.get(name)
        return float(np.mean(values)) if values else None

    def spread(self, name: str) -> float:
        """Return half the range over the seeds."""
        values = self.values.get(name) or (0.0,)
        return (max(values) - min(values)) / 2


@dataclass(frozen=True)
class Evaluation:
    """What was found of a model, of the baselines beside it, and of real rows.

    Args:
        model: The candidate that was asked about.
        beside: The baselines.
        real: What real rows score: ``main``, ``f1``, ``others``, and what guessing does, ``..._floor``.
        controls: Privacy of a copy of T (near 1) and of fresh real rows (near 0.5).
        columns: Column to total variation distance, the model's mean over seeds.
        sizes: Rows of train, test and of the halves.
        target: The column predicted, and what ``main`` is.
        plots: ``distances``: to T of H (``real``) and of the model's rows (``made``), as 101 quantiles; ``columns``:
            those farthest apart, each with ``labels`` of bins and the shares of both sides in them.
        written: Rows that were made for use, with their number and what they add: ``rows``, ``added_main``,
            ``added_f1``; empty where none were given.
    """

    model: Figures
    beside: tuple[Figures, ...]
    real: Mapping[str, float | None]
    controls: Mapping[str, Privacy]
    columns: Mapping[str, float]
    sizes: Mapping[str, int]
    target: str | None
    main: str
    protocol: Protocol
    plots: Mapping[str, Any]
    written: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the model."""
        return self.model.verdict

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "model": _figures(self.model),
            "beside": [_figures(one) for one in self.beside],
            "real": dict(self.real),
            "controls": {name: one._asdict() for name, one in self.controls.items()},
            "columns": dict(self.columns),
            "sizes": dict(self.sizes),
            "target": self.target,
            "main": self.main,
            "protocol": self.protocol._asdict(),
            "plots": dict(self.plots),
            "written": dict(self.written),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Evaluation:
        """Return the evaluation that `to_dict` wrote."""
        own = {name: document[name] for name in ("real", "columns", "sizes", "target", "main", "plots", "written")}
        return cls(
            model=_restored(document["model"]),
            beside=tuple(_restored(one) for one in document["beside"]),
            controls={name: Privacy(**one) for name, one in document["controls"].items()},
            protocol=Protocol(**document["protocol"]),
            **own,
        )


def _restored(one: Mapping[str, Any]) -> Figures:
    values = {name: tuple(figure["seeds"]) for name, figure in one["figures"].items()}
    return Figures(one["name"], one["target_aware"], values, Verdict(one["verdict"], tuple(one["reasons"])))


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "name": one.name,
        "target_aware": one.target_aware,
        "verdict": one.verdict.word,
        "reasons": list(one.verdict.reasons),
        "figures": {n: {"mean": one.mean(n), "spread": one.spread(n), "seeds": list(v)} for n, v in one.values.items()},
    }


def split(total: int, protocol: Protocol, held: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of test and of training rows, in order; ``held`` are those of the test rows where given.

    Raises:
        DataError: for fewer than 40 rows.
    """
    if total < FEWEST:
        fix = "give more rows: an evaluation splits them in four"
        raise DataError(describe("evaluation", f"at least {FEWEST} rows", shown(str(total)), fix=fix))
    order = generator(hash_point(str(protocol.seed), "split")).permutation(total)
    test = np.isin(order, order[: max(10, round(total * protocol.test))] if held is None else held)
    tests, train = (np.sort(order[side][: protocol.rows]) for side in (test, ~test))
    return tests, train


class Bench:
    """A table split once, that any number of candidates are measured on.

    Args:
        rows: Canonical values by column.
        fields: The columns' specs.
        target: The column to predict, or None.
        protocol: How it is measured.
        held: Positions of the test rows; None draws them.

    Raises:
        DataError: for fewer than 40 rows, an unknown target, or columns that say nothing.
    """

    def __init__(
        self,
        rows: Rows,
        fields: Mapping[str, FieldSpec],
        target: str | None,
        protocol: Protocol,
        held: np.ndarray | None = None,
    ) -> None:
        """Split, and measure real rows."""
        self.fields, self.target, self.protocol = dict(fields), target, protocol
        self._test, self._train = split(len(next(iter(rows.values()), ())), protocol, held)
        self.coder = Coder(fields, {name: rows[name] for name in fields})
        if target is not None and target not in self.coder.columns:
            fix = "name a column with different values, or leave the target out"
            known = list(self.coder.columns)
            raise DataError(
                describe("target", "a column that can be predicted", target, name=target, known=known, fix=fix)
            )
        coded = self.coder.encode(rows)
        self.train, self.test = rows_of(coded, self._train), rows_of(coded, self._test)
        self._rows = rows
        halves = halve(self.train, protocol.seed)
        self._t = self._train[halves.t]
        t, h = (capped(rows_of(self.train, half), protocol.near, 0) for half in halves)
        self.space = Space(self.coder, t, h, capped(self.test, protocol.near, 1))
        self.task = None if target is None else task_of(self.coder, target, self.train)
        self.others = other_tasks(self.coder, self.train, target)
        self.real = self._real()
        self.made: Coded = {}

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each part."""
        return {"train": len(self._train), "test": len(self._test), "half": len(self._t)}

    def _real(self) -> dict[str, float | None]:
        out: dict[str, float | None] = {
            "others": others_mean(self.coder, self.others, self.train, self.test, REAL_DRAWS)
        }
        floors = [floor(task, self.test).main for task in self.others]
        out["others_floor"] = float(np.mean(floors)) if floors else None
        if self.task is not None:
            best, least = score(self.coder, self.task, self.train, self.test), floor(self.task, self.test)
            out |= {"main": best.main, "main_floor": least.main, "f1": best.f1, "f1_floor": least.f1}
        return out

    def training(self) -> Rows:
        """Return the training rows."""
        return self._columns(self._train)

    def _columns(self, places: np.ndarray) -> Rows:
        chosen = places.tolist()
        return {name: [self._rows[name][i] for i in chosen] for name in self.fields}

    def measure(
        self, name: str, make: Maker, target_aware: bool = False, observe: Callable[[str], None] = lambda text: None
    ) -> Figures:
        """Return a candidate's figures over all seeds, with its verdict."""
        found = []
        for seed in range(self.protocol.seeds):
            observe(f"{name}: seed {seed + 1} of {self.protocol.seeds}")
            found.append(self.measure_seed(make, seed))
        return self.figures(name, found, target_aware)

    def measure_seed(self, make: Maker, seed: int) -> dict[str, float]:
        """Return a candidate's figures under one seed: two fits, a sample of each."""
        sampler = make(self._columns(self._train), seed)
        made = self.coder.encode_parts(sampler(len(self._train)))
        del sampler
        half = self.coder.encode_parts(make(self._columns(self._t), seed)(len(self._t)))
        self.made, self.near = made, capped(half, self.protocol.near, 2)
        found = self._utility(made) | self._fidelity(made, seed) | self.space.measure(self.near)._asdict()
        return {name: value for name, value in found.items() if value is not None}

    def figures(self, name: str, found: Sequence[Mapping[str, float]], target_aware: bool = False) -> Figures:
        """Return what `measure_seed` found of a candidate under some seeds as its figures, with the verdict."""
        values = {key: tuple(each[key] for each in found if key in each) for one in found for key in one}
        means = {key: float(np.mean(each)) for key, each in values.items()}
        rows = min(len(self._t), self.protocol.near)
        return Figures(name, target_aware, values, judge(means, self.real, rows))

    def _utility(self, made: Coded) -> dict[str, float | None]:
        out: dict[str, float | None] = {"others": others_mean(self.coder, self.others, made, self.test)}
        if self.task is not None:
            both = {name: np.concatenate([self.train[name], made[name]]) for name in made}
            alone, added = (score(self.coder, self.task, rows, self.test) for rows in (made, both))
            out |= {"main": alone.main, "f1": alone.f1, "added_main": added.main, "added_f1": added.f1}
        return out

    def added(self, parts: Iterable[Rows]) -> dict[str, float]:
        """Return what rows add to the real training rows: their number, and the scores of the target."""
        every = [part for part in parts if len(next(iter(part.values()), ()))]
        out: dict[str, float] = {"rows": sum(len(next(iter(part.values()))) for part in every)}
        if self.task is not None and every:
            made = self.coder.encode_parts(every)
            both = {name: np.concatenate([self.train[name], made[name]]) for name in made}
            found = score(self.coder, self.task, both, self.test)
            out |= {"added_main": found.main} | ({} if found.f1 is None else {"added_f1": found.f1})
        return out

    def _fidelity(self, made: Coded, seed: int) -> dict[str, float | None]:
        apart = marginals(self.coder, self.train, made)
        return {
            "marginals": float(np.mean(list(apart.values()))),
            "pairs": pairs(self.coder, self.train, made),
            "two_sample_auc": two_sample_auc(self.coder, self.train, made, seed),
        }


def evaluate(
    rows: Rows,
    fields: Mapping[str, FieldSpec],
    *,
    model: str,
    params: Mapping[str, Any] | None = None,
    codec: str = "codec.table",
    codec_params: Mapping[str, Any] | None = None,
    constraints: Sequence[Constraint] = (),
    target: str | None = None,
    budget: Budget = DEFAULT_BUDGET,
    protocol: Protocol = Protocol(),  # noqa: B008
    baselines: Sequence[str] = BASELINES,
    observe: Callable[[str], None] = lambda text: None,
    held: np.ndarray | None = None,
    written: Iterable[Rows] | Written | None = None,
) -> Evaluation:
    """Return what a model's rows are worth on a table, beside the baselines; deterministic.

    The model is fitted here, on training rows of the table only: a saved model that has seen the test rows cannot be
    judged. The arguments are those of `augury.generate.fit`. Synthesizers that are not ``target_aware`` are not told
    the target. ``held`` are the positions of the test rows, which are drawn where it is None; ``written`` are rows
    that were made for use, in parts, or a function that makes them: what they add to real rows is measured too.

    Raises:
        DataError: for a table that cannot be split or learned.
        PluginError: without scikit-learn.
    """
    from augury.catalog import registry
    from augury.quality.needs import need

    need("sklearn", "scikit-learn")
    bench = Bench(rows, fields, target, protocol, held)

    def learned(id: str, given: Mapping[str, Any], part: Rows, seed: int) -> Generator:
        return fit(
            part, fields, model=id, params=given, codec=codec, codec_params=codec_params, constraints=constraints,
            target=target, seed=seed, budget=budget,
        )  # fmt: skip

    def maker(id: str, given: Mapping[str, Any]) -> Maker:
        return lambda part, seed: learned(id, given, part, seed).stream

    def aware(id: str) -> bool:
        return bool(registry().load("synthesizers", id).caps.target_aware)

    found = bench.measure(model, maker(model, params or {}), aware(model), observe)
    columns = marginals(bench.coder, bench.train, bench.made)
    plots = _plots(bench, columns)
    beside = [bench.measure(id, maker(id, {}), aware(id), observe) for id in baselines if id != model]
    main = "" if bench.task is None else "AUC" if bench.task.classes else "R2"
    if callable(written):
        part = bench.training()
        written = written(learned(model, params or {}, part, 0), part)
    added = bench.added(written) if written is not None else {}
    return Evaluation(
        found, tuple(beside), bench.real, bench.space.controls, columns, bench.sizes, target, main, protocol, plots,
        added,
    )  # fmt: skip


def _plots(bench: Bench, apart: Mapping[str, float]) -> dict[str, Any]:
    points = np.linspace(0, 1, 101)
    distances = {"real": bench.space.real_distances(), "made": bench.space.distances(bench.near)}
    worst = sorted(apart, key=lambda name: -apart[name])[:MOST_COLUMNS]
    return {
        "distances": {name: np.quantile(values, points).tolist() for name, values in distances.items()},
        "columns": {n: shares_of(bench.coder.columns[n].codes, bench.train[n], bench.made[n]) for n in worst},
    }


__all__ = ["BASELINES", "Bench", "Evaluation", "Figures", "Maker", "Protocol", "Sampler", "Task", "evaluate"]
