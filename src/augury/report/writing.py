"""Writing the report beside a finished dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from augury.dataset.reading import Dataset
from augury.durable import write_json, write_text
from augury.errors import DataError, describe
from augury.report import figures
from augury.report.card import card
from augury.report.facts import NAME, Counts, Facts
from augury.report.figures import Measured
from augury.report.measure import measure, unread
from augury.report.page import render
from augury.report.remembered import facts_of

PAGE = "report.html"
CARD = "README.md"
FORMAT = 1


def write_report(folder: Path, facts: Facts, dataset: Dataset, *, page: bool = True) -> list[str]:
    """Write the page, its figures and the dataset's card into ``folder``, and return the names of the files.

    The same facts and rows give the same files. Memory does not grow with the rows. Rows that cannot be read back,
    since their format only writes, are counted and not measured, and the report says so.

    Args:
        folder: Where to write.
        facts: What only the run knows.
        dataset: The finished rows: its shards are read once.
        page: Whether the rows are measured and the page is written; `write_again` can do it later.
    """
    try:
        measured = list(measure(dataset, facts.seed)) if page else unread(dataset)
    except DataError as error:
        measured = unread(dataset)
        facts = replace(facts, notes=[*facts.notes, f"The rows were not measured, since they cannot be read: {error}"])
    facts = with_classes(facts, measured)
    document: Mapping[str, Any] = {
        "report": FORMAT,
        "facts": facts.to_dict(),
        "collections": [figures.document(each) for each in measured],
    }
    if page:
        write_text(folder / PAGE, render(facts, measured))
    write_json(folder / NAME, document)
    write_text(folder / CARD, card(facts, measured, dataset))
    return [*([PAGE] if page else []), NAME, CARD]


def write_again(folder: Path) -> Path:
    """Write the page of a finished dataset again and return its path; the other files stay as they are.

    A dataset without ``report.json`` gets a page of what its manifest knows.

    Raises:
        DataError: when there is no dataset, a shard cannot be read, or ``report.json`` is damaged or of other rows.
    """
    dataset = Dataset(folder)
    facts = Facts.load(folder) if (folder / NAME).exists() else facts_of(dataset.manifest)
    if facts.content_hash != dataset.manifest.content_hash:
        expected = f"the report of content {dataset.manifest.content_hash[:12]}"
        fix = f"remove {NAME} and run it again"
        raise DataError(describe(str(folder / NAME), expected, facts.content_hash[:12], fix=fix))
    measured = list(measure(dataset, facts.seed))
    write_text(folder / PAGE, render(with_classes(facts, measured), measured))
    return folder / PAGE


def with_classes(facts: Facts, measured: Sequence[Measured]) -> Facts:
    """Return facts with the classes of the rows counted, where the run did not: those of the label, if it has classes.

    A mixed label counts by its weights, rounded.
    """
    if facts.classes_after:
        return facts
    before: Counts = {}
    after: Counts = {}
    for each in measured:
        label = next((name for name, spec in each.fields.items() if spec.role == "label"), None)
        for group in each.groups:
            for trait, known in group.traits.items():
                if trait.field == label and trait.sort == "class" and not trait.name:
                    _count(after, each.collection, group.side, known.classes)
                    if group.origin == figures.ORIGINAL:
                        _count(before, each.collection, group.side, known.classes)
    return replace(facts, classes_before=facts.classes_before or before, classes_after=after)


def _count(counts: Counts, collection: str, side: str, classes: Mapping[str, float]) -> None:
    into = counts.setdefault(collection, {}).setdefault(side, {})
    for name, weight in classes.items():
        into[name] = into.get(name, 0) + round(weight)
