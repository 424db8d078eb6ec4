"""Writing the report beside a finished dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augury.dataset.manifest import write_json
from augury.dataset.reading import Dataset
from augury.errors import DataError, describe
from augury.report import figures
from augury.report.card import card
from augury.report.facts import NAME, Facts
from augury.report.measure import measure
from augury.report.page import render
from augury.report.remembered import facts_of

PAGE = "report.html"
CARD = "README.md"
FORMAT = 1


def write_report(folder: Path, facts: Facts, dataset: Dataset) -> list[str]:
    """Write the page, its figures and the dataset's card into ``folder``, and return the names of the files.

    The same facts and rows give the same files. Memory does not grow with the rows.

    Args:
        folder: Where to write.
        facts: What only the run knows.
        dataset: The finished rows: its shards are read once.

    Raises:
        DataError: when a shard cannot be read.
    """
    measured = list(measure(dataset, facts.seed))
    document: Mapping[str, Any] = {
        "report": FORMAT,
        "facts": facts.to_dict(),
        "collections": [figures.document(each) for each in measured],
    }
    _write(folder / PAGE, render(facts, measured))
    write_json(folder / NAME, document)
    _write(folder / CARD, card(facts, measured, dataset))
    return [PAGE, NAME, CARD]


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
    _write(folder / PAGE, render(facts, list(measure(dataset, facts.seed))))
    return folder / PAGE


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
