"""What a recipe says, as plain values: the result of reading and checking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import field as _value
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from augury.params import Configured, Fraction, Within
from augury.pipelines import Pipeline
from augury.recipe.cleaning import CleanPlan, Dedup
from augury.recipe.deriving import Derived
from augury.recipe.synthesis import Synthesis
from augury.record import Schema

if TYPE_CHECKING:
    from augury.constraints import Constraint
    from augury.dataset import Manifest

SIDES = ("train", "val", "test")
"""The sides a record may be on."""

Positive = Annotated[int, Within(1)]


@dataclass(frozen=True)
class Source:
    """One entry of ``collect``: where records come from.

    Args:
        collection: Its name: the first part of its records' ids, and its configuration in the output.
        format: The id of the format that reads it.
        path: A local path below the recipe's folder or absolute, or an fsspec URL.
        rename: Each of the source's columns that is read, to the field it becomes (never empty once checked).
        options: The format's own options.
        side: The side all its records go to, where the recipe names one; None splits them.
        pool: Whether it only serves donors (``pool: NAME`` of a step) and is not written.
        against: Whether it is only compared with (a published test set, say): what repeats it is rejected.
        where: Where the recipe says so, for messages: ``recipe.yaml:4 collect[0]``.
    """

    collection: str
    format: str
    path: str
    rename: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    side: str | None = None
    pool: bool = False
    against: bool = False
    where: str = ""

    @property
    def written(self) -> bool:
        """Whether its records become rows."""
        return not (self.pool or self.against)


@dataclass(frozen=True)
class Split:
    """How records are put on sides.

    Args:
        shares: Side to share; the shares sum to 1.
        group: Field whose equal values stay on one side.
        stratify: Field whose values are spread evenly over the sides.
        field: A field that already names each record's side; excludes the others.
        exact: Cut each stratum at the shares exactly; then added records may move earlier ones.
        time: A field of moments: earlier records train, later ones are tested on.
        cuts: Side to the moment (seconds since 1970) it begins at, for a split by time; empty cuts at the shares.
        pinned: The folder of an earlier dataset whose records keep their sides.
        allow_empty: Whether a side with a share may stay without records.
        largest: Greatest share of the records that near-duplicates may chain together.
    """

    shares: Mapping[str, float] = _value(default_factory=lambda: {"train": 0.8, "val": 0.1, "test": 0.1})
    group: str | None = None
    stratify: str | None = None
    field: str | None = None
    exact: bool = False
    time: str | None = None
    cuts: Mapping[str, float] = _value(default_factory=dict)
    pinned: str | None = None
    allow_empty: bool = False
    largest: float = 0.05


@dataclass(frozen=True)
class Augment:
    """What is made of each record.

    Args:
        copies: Augmented copies of each record, or {"balance": label field}: as many as bring classes level.
        sides: The sides that are augmented.
        originals: Whether originals are written too.
    """

    copies: int | Mapping[str, str] = 1
    sides: tuple[str, ...] = ("train",)
    originals: bool = True


@dataclass(frozen=True)
class Mix:
    """How much each row should count in training: written as a column of weights.

    Args:
        collections: Collection to its share of the training side's weight; the rest are spread by their rows.
        origins: ``original``, ``augmented`` or ``synthetic`` to a factor on its rows' weight.
    """

    collections: Mapping[str, float] = field(default_factory=dict)
    origins: Mapping[str, float] = field(default_factory=dict)


class Evaluate(Configured):
    """How the report judges what made rows are worth.

    Args:
        seeds: Fits of each model to take the mean of.
        baselines: Whether simpler models are measured beside it.
        rows: The most training rows that it is done on.
    """

    seeds: Positive = 3
    baselines: bool = True
    rows: Annotated[int, Within(40)] = 50_000


EVALUATE = Evaluate()


@dataclass(frozen=True)
class Report:
    """What the report says beside the figures.

    Args:
        target: The field that is to be predicted.
        license: The dataset's licence, as Hugging Face names it (``cc-by-4.0``).
        title: The dataset's name in the report and its card.
        page: Whether the rows are measured and ``report.html`` is written; ``augury report`` can write it later.
        evaluate: How the models of ``synthesize`` are judged on held-out records; None leaves that out.
    """

    target: str | None = None
    license: str | None = None
    title: str | None = None
    page: bool = True
    evaluate: Evaluate | None = EVALUATE

    def describes(self) -> dict[str, Any]:
        """Return what it says as JSON values."""
        parts = {"target": self.target, "license": self.license, "title": self.title, "page": self.page}
        return parts if self.evaluate == EVALUATE else parts | {"evaluate": self.evaluate and self.evaluate.to_dict()}


@dataclass(frozen=True)
class Write:
    """How the dataset is written: the format's id and its options."""

    format: str = "parquet"
    options: Mapping[str, Any] = field(default_factory=dict)


class Limits(Configured):
    """Where a run stops or refuses.

    Args:
        max_quarantined: Greatest share of records that may be quarantined, in [0, 1].
        max_image_pixels: Greatest decoded size of one image.
        max_audio_seconds: Greatest length of one recording.
        unit_records: Records in one unit of work; at most 32 where they hold files.
    """

    max_quarantined: Fraction = 0.01
    max_image_pixels: Positive = 100_000_000
    max_audio_seconds: Annotated[float, Within(0.0)] = 3600.0
    unit_records: Positive = 256


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    ``pipelines`` holds the compiled pipeline of each collection: steps on fields a collection lacks are left out, and
    its ``schema`` is what cleaning leaves of what the collection's source gives. ``document`` is the plain content it
    was read from, defaults not filled in; ``hash`` is that of its meaning, ``parts`` are those of its sections.
    ``transforms`` are the Python files it named, with their SHA-256. ``constraints`` hold between the columns of rows.
    ``derived`` are the fields of ``schema`` that no source gives but others do. ``synthesize`` are models of training
    records that further rows are made by.
    """

    seed: int
    collect: tuple[Source, ...]
    schema: Schema
    split: Split | None
    augment: Augment | None
    pipelines: Mapping[str, Pipeline]
    write: Write
    limits: Limits
    on_error: Literal["quarantine", "raise"]
    document: Mapping[str, Any]
    hash: str
    folder: Path
    name: str = "recipe"
    warnings: tuple[str, ...] = ()
    transforms: Mapping[str, str] = field(default_factory=dict)
    cleaning: Mapping[str, CleanPlan] = field(default_factory=dict)
    dedups: tuple[Dedup, ...] = ()
    mix: Mix | None = None
    report: Report = Report()
    parts: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    derived: tuple[Derived, ...] = ()
    synthesize: tuple[Synthesis, ...] = ()

    def run(self, out: str | Path, *, workers: int = 1, **options: Any) -> Manifest:
        """Build the dataset in the folder ``out``; the same as ``augury run``. See `augury.dataset.run`."""
        from augury.dataset import run

        return run(self, Path(out), workers=workers, **options)
