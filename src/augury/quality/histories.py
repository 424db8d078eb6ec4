"""How near made histories lie to real ones: which items they hold, how long they are, and whether they are copies.

Real histories that no model saw are compared with the training side in the same way and in equal numbers: what they
show is chance, and what made ones show beyond it is the model's. Order within a history and columns beside it are not
judged, and neither is what a recommender learns from them, so that no verdict is better than "use with care".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from augury.generate import fit
from augury.quality.evaluating import Maker, Protocol, Rows, split
from augury.quality.verdict import Verdict, copies_allowed
from augury.record import FieldSpec

APART, APART_CARE = 0.25, 0.10
"""Distances beyond what fresh histories show: beyond the first made ones are another log, beyond the second unlike."""

NOT_MEASURED = "what can be learned from them was not measured: try them on the task they are for"


class Likeness(NamedTuple):
    """How far a set of histories lies from another; all lie in [0, 1], and 0 is equal but for copies.

    Args:
        popularity: Total variation distance of the items' shares of all events.
        length: Kolmogorov-Smirnov distance of the numbers of events.
        copies: Share of those made that have the items of a real one, each as often, in whatever order.
    """

    popularity: float
    length: float
    copies: float


class Histories(NamedTuple):
    """What was found of made histories.

    Args:
        made: Their distances to the training side; the mean over seeds.
        fresh: Those of real histories that no model saw, in equal numbers; None where there are none.
        users: How many of each were compared.
        verdict: In words, with reasons.
    """

    made: Likeness
    fresh: Likeness | None
    users: int
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        sides = {"made": self.made._asdict()} | ({"held out": self.fresh._asdict()} if self.fresh else {})
        words = {"verdict": self.verdict.word, "reasons": list(self.verdict.reasons)}
        return {"sides": sides, "users": self.users, **words}


def likeness(real: Sequence[Any], made: Sequence[Any]) -> Likeness:
    """Return how far made histories lie from real ones.

    Args:
        real: Histories: values with a length and an array ``item``; None is left out.
        made: The same.
    """
    sides = [[value for value in side if value is not None] for side in (real, made)]
    counts = [Counter(item for value in side for item in value.item.tolist()) for side in sides]
    totals = [max(count.total(), 1) for count in counts]
    items = counts[0].keys() | counts[1].keys()
    apart = sum(abs(counts[0][i] / totals[0] - counts[1][i] / totals[1]) for i in items) / 2
    lengths = [np.sort([len(value) for value in side]) for side in sides]
    if not all(len(side) for side in lengths):
        return Likeness(1.0, 1.0, 0.0)
    at = np.unique(np.concatenate(lengths))
    below = [np.searchsorted(side, at, side="right") / len(side) for side in lengths]
    known = {_items(value) for value in sides[0]}
    copies = sum(_items(value) in known for value in sides[1]) / len(sides[1])
    return Likeness(float(apart), float(np.abs(below[0] - below[1]).max()), copies)


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(sorted(value.item.tolist()))


def compare(train: Sequence[Any], fresh: Sequence[Any], *made: Sequence[Any]) -> Histories:
    """Return how made histories, one set a seed, lie to the training side beside how fresh real ones lie to it.

    As many fresh as made ones are compared, since few lie farther apart by chance.
    """
    fresh = [value for value in fresh if value is not None]
    sets = [[value for value in one if value is not None] for one in made]
    users = min(len(one) for one in (*sets, *([fresh] if fresh else [])))
    found = Likeness(*np.mean([likeness(train, one[:users]) for one in sets], axis=0).tolist())
    control = likeness(train, fresh[:users]) if fresh else None
    return Histories(found, control, users, judge(found, control, users))


def judge(made: Likeness, fresh: Likeness | None, users: int) -> Verdict:
    """Return the verdict on made histories, by how much farther they lie than fresh real ones."""
    if not users:
        return Verdict("do not use", ("there are none to judge",))
    chance = fresh or Likeness(0.0, 0.0, 0.0)
    beside = " ({:.2f} of fresh real ones)" if fresh else ""
    never, care = list[str](), list[str]()
    for name, what in (("popularity", "their items' shares"), ("length", "their numbers of events")):
        found, by_chance = getattr(made, name), getattr(chance, name)
        if found - by_chance > APART_CARE:
            text = f"{what} lie {found:.2f} from those of training histories{beside.format(by_chance)}"
            (never if found - by_chance > APART else care).append(text)
    most, should = copies_allowed(chance.copies, users)
    if (more := made.copies - chance.copies) > should:
        text = f"{made.copies:.1%} of them repeat the items of a training history"
        text += f" (fresh real ones: {chance.copies:.1%})" if fresh else ", and no fresh ones say how many do by chance"
        (never if fresh and more > most else care).append(text)
    return Verdict("do not use" if never else "use with care", (*never, *care, NOT_MEASURED))


def evaluate_histories(
    rows: Rows,
    fields: Mapping[str, FieldSpec],
    *,
    protocol: Protocol = Protocol(),  # noqa: B008
    held: np.ndarray | None = None,
    observe: Callable[[str], None] = lambda text: None,
    **fitting: Any,
) -> Histories:
    """Return how the histories that a model makes lie to those it learned, beside histories that it did not see.

    The model is fitted here for each seed, on training rows only, and makes as many rows.

    Args:
        rows: Canonical values by column, one column of histories among them.
        fields: The columns' specs.
        protocol: Seeds, the share of test rows, the most training rows.
        held: Positions of the test rows; None draws them.
        observe: Told what is measured.
        fitting: What else `augury.generate.fit` takes: model, params, codec, codec_params, constraints, target, budget.

    Raises:
        DataError: for fewer than 40 rows, or rows that cannot be learned.
    """

    def make(part: Rows, seed: int) -> Callable[[int], Iterator[Rows]]:
        return fit(part, fields, seed=seed, **fitting).stream

    name = history_of(fields)
    assert name is not None
    test, train = split(len(rows[name]), protocol, held)
    part = {n: [rows[n][i] for i in train.tolist()] for n in fields}
    return compare(part[name], [rows[name][i] for i in test.tolist()], *_made(make, part, name, protocol, observe))


def _made(
    make: Maker, part: Rows, name: str, protocol: Protocol, observe: Callable[[str], None]
) -> Iterator[list[Any]]:
    """Yield each seed's histories."""
    for seed in range(protocol.seeds):
        observe(f"seed {seed + 1} of {protocol.seeds}")
        yield [value for rows in make(part, seed)(len(part[name])) for value in rows[name]]


def history_of(fields: Mapping[str, FieldSpec]) -> str | None:
    """Return the column whose values are histories of events, or None."""
    return next((name for name, spec in fields.items() if spec.kind.space == "events"), None)
