"""The dataset's card: a README that people read, with the front matter by which Hugging Face ``datasets`` opens it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from augury.dataset.reading import Dataset
from augury.record import FieldSpec
from augury.report.blocks import number, percent
from augury.report.facts import Facts, said
from augury.report.figures import Measured
from augury.report.outcome import concerns, paragraph

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SPECIAL = re.compile(r"[\\`*\[\]<>|&~$@]|\b_|_\b|(?<!\w)_|:(?=//)|(?<=www)\.|^[#+=-]|(?<=^\d)[.)]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")

# Kinds of a collection's data, those of its label or targets, and the task this is: only where nothing else it can be.
_TASKS: tuple[tuple[set[str], set[str], str], ...] = (
    ({"image"}, {"category"}, "image-classification"),
    ({"image"}, {"boxes"}, "object-detection"),
    ({"image"}, {"mask"}, "image-segmentation"),
    ({"image"}, {"keypoints"}, "keypoint-detection"),
    ({"audio"}, {"category"}, "audio-classification"),
    ({"text"}, {"category"}, "text-classification"),
    ({"text"}, {"tags"}, "token-classification"),
    (set(), {"category"}, "tabular-classification"),
    (set(), {"number"}, "tabular-regression"),
)


def card(facts: Facts, measured: Sequence[Measured], dataset: Dataset) -> str:
    """Return the README."""
    front = yaml.safe_dump(_front(facts, dataset), sort_keys=False, allow_unicode=True, width=100)
    parts = [
        f"---\n{front}---\n\n# {_text(facts.name)}",
        _what(facts, measured),
        _made(facts),
        _splits(facts, dataset),
        *_synthetic(facts),
        _fields(dataset),
        _limits(facts, measured),
        _verify(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _front(facts: Facts, dataset: Dataset) -> dict[str, Any]:
    """The front matter. A side without rows is left out: ``datasets`` refuses to open any split beside an empty one."""
    front: dict[str, Any] = {"pretty_name": _plain(facts.name)}
    said = facts.recipe.get("report")
    licence = said.get("license") if isinstance(said, Mapping) else None
    if isinstance(licence, str) and licence:
        front["license"] = licence
    tasks = sorted({task for columns in dataset.columns.values() if (task := _task(columns.after))})
    if tasks:
        front["task_categories"] = tasks
    rows = sum(shard["rows"] for shard in dataset.shards)
    front["size_categories"] = [next((name for most, name in _SIZES if rows < most), "n>1M")]
    front["tags"] = ["augury"]
    pattern = dataset.format.shards
    configs = []
    for collection, sides in _rows(dataset).items():
        files = [
            {"split": side, "path": f"data/{collection}/{pattern.format(side=side)}"} for side, n in sides.items() if n
        ]
        if files:
            configs.append({"config_name": collection, "data_files": files})
    return front | {"configs": configs}


def _task(fields: Mapping[str, FieldSpec]) -> str | None:
    """Return the one task that a collection's kinds leave open, or None."""
    data = {
        s.kind_id for s in fields.values() if s.role is None and s.link is None and s.kind.space not in (None, "row")
    }
    targets = {s.kind_id for s in fields.values() if s.link is not None and s.link[0] == "of"}
    label = next((s for s in fields.values() if s.role == "label"), None)
    asked = targets | ({_lifted(label)} if label is not None else set())
    if any(s.link is not None and s.link[0] != "of" for s in fields.values()):
        return None
    return next((task for kinds, wanted, task in _TASKS if data == kinds and asked == wanted), None)


def _lifted(label: FieldSpec) -> str:
    return "category" if label.kind_id in ("boolean", "distribution") else label.kind_id


def _rows(dataset: Dataset) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for shard in dataset.shards:
        sides = out.setdefault(shard["collection"], {})
        sides[shard["side"]] = sides.get(shard["side"], 0) + shard["rows"]
    return out


def _what(facts: Facts, measured: Sequence[Measured]) -> str:
    link = "The whole report, with pictures and figures, is in `report.html`; its numbers are in `report.json`."
    return f"{_text(paragraph(facts, measured))}\n\n{link}"


def _made(facts: Facts) -> str:
    lines = ["## How it was made", "", f"By Augury from one recipe, with seed {facts.seed}."]
    if facts.sources:
        rows = [(s["collection"], s["format"], s["path"], number(s["records"])) for s in facts.sources]
        lines += ["", *_table(("collection", "format", "source", "records"), rows)]
    fenced = yaml.safe_dump(facts.recipe, sort_keys=False, allow_unicode=True, width=100)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", fenced)), 3)
    return "\n".join([*lines, "", f"{fence}yaml", fenced.rstrip("\n"), fence])


def _splits(facts: Facts, dataset: Dataset) -> str:
    counts = _rows(dataset)
    sides = list(dict.fromkeys(side for each in counts.values() for side in each))
    rows = [(name, *(number(each.get(side, 0)) for side in sides)) for name, each in counts.items()]
    lines = ["## Splits", "", "Rows by collection and side:", "", *_table(("collection", *sides), rows)]
    asked = facts.split["asked"]
    if asked:
        shares = ", ".join(f"{_text(side)} {percent(share)}" for side, share in asked.items())
        lines += ["", f"Asked for: {shares}. Copies lie on the side of the record they were made from."]
    return "\n".join(lines)


def _synthetic(facts: Facts) -> list[str]:
    """Return what synthetic rows come from and are worth, where there are any."""
    rows = []
    for one in facts.synthesis:
        word = said(one)[0]
        gate = one["gate"]
        gated = "none" if gate is None else "passed" if gate["passed"] else "did not pass"
        rows.append((one["title"], one["model"], number(one["rows"]), gated, word or "not judged"))
    if not rows:
        return []
    words = (
        "Models of the training side made further rows for it (`augury_origin` is `synthetic`). The models lie in "
        "`models/`, what was measured of them in `synthesis.json`. No guarantee of privacy is given."
    )
    head = ("rows", "model", "number", "gate", "verdict")
    return ["\n".join(["## Synthetic rows", "", words, "", *_table(head, rows)])]


def _fields(dataset: Dataset) -> str:
    lines = ["## Fields"]
    for name, columns in dataset.columns.items():
        rows = [
            (s.name, s.kind_id, s.role or "", f"{s.link[0]} {s.link[1]}" if s.link else "")
            for s in columns.after.values()
        ]
        lines += ["", f"### {_text(name)}", "", *_table(("field", "kind", "role", "belongs to"), rows)]
    own = (
        "Every row also has `augury_id`, `augury_copy` (empty for an original), `augury_parents` and `augury_origin`: "
        "an original is a row of a source, a synthetic row was made by a model, anything else from the rows it names."
    )
    return "\n".join([*lines, "", own])


def _limits(facts: Facts, measured: Sequence[Measured]) -> str:
    lines = ["## Limits", ""]
    found = [f"- {'**Problem.** ' if c.grave else ''}{_text(c.text)}" for c in concerns(facts, measured)]
    lines += found or ["- Nothing was left out, and the checks of the run found nothing wrong."]
    if any(n for sides in facts.copies.values() for n in sides.values()):
        lines.append(
            "- Copies are not new evidence: leave them out of an evaluation (`augury_copy` is empty for originals)."
        )
    lines += [f"- {_text(text)}" for text in facts.notes]
    return "\n".join(lines)


def _verify(facts: Facts) -> str:
    return "\n".join(
        [
            "## Verify and replay",
            "",
            "```console",
            "$ augury verify .",
            "$ augury replay . ROW_ID --explain",
            "```",
            "",
            "The first checks every hash and audits the sides for leaks; the second rebuilds one row from its source "
            "and says how it came to be.",
            "",
            f"- content hash: `{_plain(facts.content_hash)}`",
            f"- recipe hash: `{_plain(facts.recipe_hash)}`",
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(_text(h) for h in head)} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(_text(cell) for cell in row)} |" for row in rows]


def _text(text: str) -> str:
    """Return any text as Markdown that shows it and does nothing else: no markup, no link, one line."""
    return _SPECIAL.sub(r"\\\g<0>", _plain(text).strip())


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text)
