"""What only the run knows of a dataset: the report's input beside the finished rows. Kept in ``report.json``."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from augury.errors import DataError, describe, shown

NAME = "report.json"

Counts: TypeAlias = dict[str, dict[str, dict[str, int]]]
"""Collection to side to class (or another name) to a count."""


class Stage(TypedDict):
    """One stage of the run, in the order they ran; ``seconds`` is its wall time."""

    name: str
    seconds: float
    records_in: int
    records_out: int


class Origin(TypedDict):
    """One source: the collection it fills, its format and path as the recipe gives them, the records read."""

    collection: str
    format: str
    path: str
    records: int


class Example(TypedDict):
    """One record or row that left the run, with what there is to say of it."""

    id: str
    detail: str


class Left(TypedDict):
    """How many records left for one reason, with a few of them."""

    count: int
    examples: list[Example]


class Pair(TypedDict):
    """Two records that say the same in one field; ``similarity`` is 1.0 where they are equal."""

    a: str
    b: str
    similarity: float
    field: str


class Duplicates(TypedDict):
    """Records that repeat another exactly, pairs that nearly do, and the groups they form (0 where not counted)."""

    exact: int
    near: int
    clusters: int
    examples: list[Pair]


class Check(TypedDict):
    """One thing the audit looked for, and each finding in words; none when all is well."""

    check: str
    found: list[str]


class SplitFacts(TypedDict):
    """What the split did: `augury.dataset.split.SplitReport.to_dict`; further entries are kept and not shown."""

    sides: dict[str, int]
    asked: dict[str, float]
    deviation: float
    strata: dict[str, dict[str, int]]
    empty: list[str]


class GateCheck(TypedDict):
    """One thing that a gate asked of made rows, in words, what came, and whether it is enough."""

    asked: str
    got: str
    passed: bool


class GateFacts(TypedDict):
    """What a gate found on an inner split of the training side, and what was to follow from a failure."""

    passed: bool
    on_fail: str
    checks: list[GateCheck]


class Made(TypedDict):
    """A model of ``synthesize`` and its rows; further entries are kept and not shown.

    ``how`` is what the recipe says of it; ``inner`` and ``evaluation`` are `augury.quality.Evaluation.to_dict` of the
    gate's split and of the records that were ``held`` out, which says in words what those are; ``note`` says why there
    is none. ``histories`` maps a field to ``made`` and ``held out``, each with its distances to the training side, and
    ``judged`` has the verdict on them, its reasons, and how many ``users`` of each were compared.
    """

    title: str
    model: str
    rows: int
    turned_away: int
    how: dict[str, Any]
    stores_rows: bool
    gate: GateFacts | None
    inner: dict[str, Any] | None
    evaluation: dict[str, Any] | None
    histories: dict[str, dict[str, dict[str, float]]]
    judged: dict[str, Any] | None
    held: str
    note: str


def said(one: Made) -> tuple[str, list[str]]:
    """Return the verdict's word and reasons; empty where nothing was judged."""
    model = (one["evaluation"] or {}).get("model") or one["judged"]
    if not isinstance(model, Mapping) or not isinstance(model.get("verdict"), str):
        return "", []
    return model["verdict"], [str(reason) for reason in model.get("reasons") or ()]


def _no_split() -> SplitFacts:
    return {"sides": {}, "asked": {}, "deviation": 0.0, "strata": {}, "empty": []}


def _no_duplicates() -> Duplicates:
    return {"exact": 0, "near": 0, "clusters": 0, "examples": []}


@dataclass(frozen=True)
class Facts:
    """What a run knows. Everything is plain JSON, so that a page can be written again from it.

    Attributes:
        name: The dataset's name.
        recipe: The recipe's document.
        recipe_hash: Its hash.
        seed: Its seed.
        content_hash: The hash of all rows.
        environment: Interpreter, machine and the version of each distribution.
        workers: Processes that did the work; 0 where that is not known.
        stages: The stages, in order.
        sources: What was read.
        split: What was asked of the split and what it reached.
        classes_before: Label classes of the records, before copies: collection, side, class.
        classes_after: Label classes of the rows, originals and copies; where it is empty they are counted in the rows.
        copies: Collection to side to rows that are copies.
        rejected: Reason (a cleaner, ``duplicate``, ``bridge``) to what was turned away for it.
        duplicates: Repeats that were found.
        quarantine: Stage to the records and copies that failed there.
        audit: What was checked of the finished rows.
        warnings: What the run had to say.
        synthesis: Each model that synthetic rows were made by, its gate, what its rows are worth.
        notes: Anything else a reader should know, in sentences.
    """

    name: str
    recipe: dict[str, Any]
    recipe_hash: str
    seed: int
    content_hash: str
    environment: dict[str, Any] = field(default_factory=dict)
    workers: int = 0
    stages: list[Stage] = field(default_factory=list)
    sources: list[Origin] = field(default_factory=list)
    split: SplitFacts = field(default_factory=_no_split)
    classes_before: Counts = field(default_factory=dict)
    classes_after: Counts = field(default_factory=dict)
    copies: dict[str, dict[str, int]] = field(default_factory=dict)
    rejected: dict[str, Left] = field(default_factory=dict)
    duplicates: Duplicates = field(default_factory=_no_duplicates)
    quarantine: dict[str, Left] = field(default_factory=dict)
    audit: list[Check] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    synthesis: list[Made] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], where: str = "facts") -> Facts:
        """Return the facts of a document.

        Raises:
            DataError: naming the entry that is unknown, missing or of another type.
        """
        hints = get_type_hints(cls)
        for name in document:
            if name not in hints:
                raise DataError(describe(f"{where}.{name}", "a known entry", name, name=name, known=hints, fix=_AGAIN))
        needed = {f.name for f in fields(cls) if f.name in ("name", "recipe", "recipe_hash", "seed", "content_hash")}
        for name in sorted(needed - document.keys()):
            raise DataError(describe(f"{where}.{name}", "to be there", fix=_AGAIN))
        for name, value in document.items():
            _check(value, hints[name], f"{where}.{name}")
        return cls(**document)

    @classmethod
    def load(cls, folder: Path) -> Facts:
        """Read the facts that a dataset's report was written from.

        Raises:
            DataError: when there is no report, or it is damaged.
        """
        path = folder / NAME
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise DataError(describe(str(path), "the report of a run", shown("none"), fix=_AGAIN)) from error
        except ValueError as error:
            raise DataError(describe(str(path), "JSON", shown(str(error)), fix=_AGAIN)) from error
        if not isinstance(document, dict) or not isinstance(document.get("facts"), dict):
            raise DataError(describe(str(path), "a mapping with facts:", shown(type(document).__name__), fix=_AGAIN))
        return cls.from_dict(document["facts"], f"{path}: facts")


_AGAIN = "remove report.json, and augury report writes what the manifest knows"


def _check(value: Any, hint: Any, where: str) -> None:
    """Hold a JSON value to a type hint made of plain types, lists, dicts, unions and typed dicts."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return
    if origin in (Union, types.UnionType):
        if value is not None or type(None) not in arguments:
            _check(value, next(a for a in arguments if a is not type(None)), where)
        return
    plain: Any = dict if is_typeddict(hint) else origin or hint
    accepted: Any = (int, float) if plain is float else plain
    if not isinstance(value, accepted) or (isinstance(value, bool) and plain is not bool):
        raise DataError(describe(where, f"{plain.__name__}", shown(type(value).__name__), fix=_AGAIN))
    if plain in (int, float) and not math.isfinite(value):
        raise DataError(describe(where, "a finite number", value, fix=_AGAIN))
    if is_typeddict(hint):
        for name in sorted(hint.__required_keys__ - value.keys()):
            raise DataError(describe(f"{where}.{name}", "to be there", fix=_AGAIN))
        for name, inner in get_type_hints(hint).items():
            if name in value:
                _check(value[name], inner, f"{where}.{name}")
    elif plain is list:
        for index, item in enumerate(value):
            _check(item, arguments[0], f"{where}[{index}]")
    elif plain is dict and arguments:
        for key, item in value.items():
            _check(item, arguments[1], f"{where}.{key}")
