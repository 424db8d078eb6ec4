"""What ``synthesize:`` says, as plain values: a model of training records, the rows it makes, what they must reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from augury.errors import ParamError, describe
from augury.params import Configured, Within
from augury.recipe.deriving import Derived
from augury.record import Schema
from augury.synthesis import Budget

MODEL, CODEC = "synth.forest", "codec.table"

Least: TypeAlias = float | None
Most: TypeAlias = Annotated[float | None, Within(0.0, 1.0)]


class Gate(Configured):
    """What made rows must reach on an inner split of the training side before any is written.

    Args:
        verdict: The least verdict; ``use with care`` where the gate asks for nothing else.
        utility: ``not_worse``: real rows and those that the entry asks for teach together no less of the target than
            real rows do, within the error of the test; or the least share of what real rows teach that made rows alone
            teach.
        privacy: ``dcr``: no measure of distance to training rows (closer, isolated, attack, copies) is beyond the
            limit of the verdict "do not use".
        main: Least score of the target (AUC, or R2 of numbers), learned from made rows.
        f1: Least macro F1 of the same.
        others: Least mean score of the other columns.
        added_main: Least score of the target, learned from real and made rows.
        added_f1: Least macro F1 of the same.
        marginals: Greatest mean total variation distance of single columns.
        pairs: Greatest mean of pairs of columns.
        two_sample_auc: Greatest AUC of telling made from real rows; 0.5 is not at all.
        closer: Greatest share nearer to rows the model saw than to others; 0.5 is no leak.
        closer_isolated: The same near the most isolated rows.
        attack: Greatest AUC of guessing who was in the training set.
        copies: Greatest share that equals a training row; of histories, that holds the same items.
        popularity: Greatest total variation distance of the items' shares; of histories alone.
        length: Greatest Kolmogorov-Smirnov distance of the numbers of events; of histories alone.
        seeds: Fits to take the mean of.
        on_fail: ``drop`` makes no rows and says why; ``fail`` ends the run with exit code 1.
    """

    verdict: Literal["use", "use with care"] | None = None
    utility: Literal["not_worse"] | float | None = None
    privacy: Literal["dcr"] | None = None
    main: Least = None
    f1: Least = None
    others: Least = None
    added_main: Least = None
    added_f1: Least = None
    marginals: Most = None
    pairs: Most = None
    two_sample_auc: Most = None
    closer: Most = None
    closer_isolated: Most = None
    attack: Most = None
    copies: Most = None
    popularity: Most = None
    length: Most = None
    seeds: Annotated[int, Within(1)] = 1
    on_fail: Literal["drop", "fail"] = "drop"

    def check_params(self) -> None:
        """Hold a share to its bounds."""
        if isinstance(self.utility, int | float) and not 0 <= self.utility <= 1:
            fix = "write 0.9 for nine tenths"
            raise ParamError(describe("utility", "not_worse, or a share in [0, 1]", self.utility, fix=fix))


LEAST = ("main", "f1", "others", "added_main", "added_f1")
MOST = ("marginals", "pairs", "two_sample_auc", "closer", "closer_isolated", "attack", "copies")
"""A gate's figures that must be reached, and those that must not be passed."""

OF_HISTORIES = ("popularity", "length", "copies")
"""Figures of histories, none of which must be passed."""

OF_TARGET = ("main", "f1", "added_main", "added_f1")


class Training(Configured):
    """How long a fit may take, in steps and never in seconds.

    Args:
        steps: The most optimizer steps; the model's own number where left out.
        patience: Validations without improvement after which training stops; the model's own where left out.
        threads: Threads inside a step: part of what the model is a function of.
    """

    steps: Annotated[int | None, Within(1)] = None
    patience: Annotated[int | None, Within(1)] = None
    threads: Annotated[int, Within(1)] = 1


@dataclass(frozen=True)
class Balance:
    """A field whose values made rows have in given shares; ``shares`` None gives each class the same."""

    field: str
    shares: Mapping[Any, float] | None = None


@dataclass(frozen=True)
class Synthesis:
    """One entry of ``synthesize``.

    Args:
        collection: What is learned from, on its training side, and where rows go.
        name: What the ids of its rows begin with: ``collection@name/``.
        model: The synthesizer's id, and its parameters.
        codec: The codec's id, and its parameters.
        fields: The fields that are learned and made.
        derived: The fields that are computed from made ones.
        target: The field that a ``target_aware`` synthesizer is told and that evaluations predict.
        rows: How many; None takes ``ratio`` or ``level``.
        ratio: How many for each training record.
        level: A field of classes: as many rows of each class as bring the training side's classes level.
        balance: In which shares of classes.
        where: What every row has: field to a value, a list of values, or `Between`.
        budget: Steps, patience and threads of the fit.
        gate: What its rows must reach; None asks nothing.
    """

    collection: str
    name: str
    model: tuple[str, Mapping[str, Any]] = (MODEL, {})
    codec: tuple[str, Mapping[str, Any]] = (CODEC, {})
    fields: tuple[str, ...] = ()
    derived: tuple[Derived, ...] = ()
    target: str | None = None
    rows: int | None = None
    ratio: float = 1.0
    level: str | None = None
    balance: Balance | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = Budget()  # noqa: RUF009 a named tuple
    gate: Gate | None = None

    @property
    def title(self) -> str:
        """What messages and reports call it: ``people@forest``."""
        return f"{self.collection}@{self.name}"

    def learns(self) -> dict[str, Any]:
        """Return what its model is a function of beside the training records and the seed, as JSON values."""
        parts = {"model": list(self.model), "codec": list(self.codec), "fields": list(self.fields)}
        return parts | {"name": self.name, "target": self.target, "budget": list(self.budget)}

    def fitting(self, constraints: Sequence[Any]) -> dict[str, Any]:
        """Return what it states of the arguments of `augury.generate.fit` and `augury.quality.evaluate`."""
        own = {"model": self.model[0], "params": self.model[1], "codec": self.codec[0], "codec_params": self.codec[1]}
        return own | {"constraints": tuple(constraints), "target": self.target, "budget": self.budget}

    def describes(self) -> dict[str, Any]:
        """Return all it says, as JSON values."""
        shares = None if self.balance is None else _plain(self.balance.shares or {})
        return self.learns() | {
            "collection": self.collection,
            "derived": [one.spec.name for one in self.derived],
            "rows": self.rows or self.level or self.ratio,
            "balance": self.balance and [self.balance.field, shares],
            "where": _plain(self.where),
            "gate": self.gate and self.gate.to_dict(),
        }


def _plain(values: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}


def left_empty(entry: Synthesis, schema: Schema) -> list[str]:
    """Return the fields of a collection that made rows are without."""
    made = {*entry.fields, *(one.spec.name for one in entry.derived)}
    return [name for name in schema.fields if name not in made]
