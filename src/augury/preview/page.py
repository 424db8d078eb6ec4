"""The page: each collection's records before and after, with the steps between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import augury
from augury.preview.markup import Html, element, join
from augury.preview.sampling import POOLED, Collection, Sample, collections
from augury.preview.showing import marks_of, marks_on, pair, plain, short, view_of
from augury.recipe.model import Recipe
from augury.record import FieldSpec

POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
"""What the page may load: nothing but what it holds itself."""


def write_preview(recipe: Recipe, out: Path, n: int) -> int:
    """Write the page of a recipe and return how many records it shows."""
    shown = list(collections(recipe, n))
    out.write_text(_page(recipe, shown), encoding="utf-8")
    return sum(len(c.samples) for c in shown)


def _page(recipe: Recipe, shown: list[Collection]) -> str:
    style = files("augury.preview").joinpath("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"{recipe.name}: preview"),
        Html(f"<style>{style}</style>"),
    )
    links = [
        element("a", f"{c.source.collection} ", element("span", str(len(c.samples))), href=f"#{c.source.collection}")
        for c in shown
    ]
    facts = join(
        "seed ",
        element("b", str(recipe.seed)),
        " · recipe ",
        element("code", recipe.hash[:12]),
        f" · {_copies(recipe)}",
    )
    header = element(
        "header",
        element("h1", recipe.name, element("span", " before and after")),
        element("p", facts, class_="note"),
        element("nav", *links),
    )
    footer = element(
        "footer",
        f"augury {augury.__version__}. Each record is shown with its copy 0, as a run with this seed makes it when the "
        "record is on an augmented side. Ask about any row of a finished dataset with ",
        element("code", "augury replay DIR ROW_ID --explain"),
        ".",
    )
    body = element("body", header, element("main", *(_section(c) for c in shown)), footer)
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _copies(recipe: Recipe) -> str:
    if recipe.augment is None:
        return "nothing is augmented"
    copies = recipe.augment.copies
    count = f"balanced by {copies['balance']}" if isinstance(copies, Mapping) else f"{copies} of each record"
    return f"copies: {count}, on {', '.join(recipe.augment.sides)}"


def _section(collection: Collection) -> Html:
    note = None
    if collection.approximate:
        note = element(
            "p",
            f"Donors and statistics come from the first {POOLED} records here; a run uses its whole training side.",
            class_="note",
        )
    left = None
    if collection.left_out:
        items = [element("li", text) for text in collection.left_out[:20]]
        count = len(collection.left_out)
        summary = element("summary", f"{count} record{'s' if count > 1 else ''} left out")
        left = element("details", summary, element("ul", *items), class_="problem")
    flat = all(f.kind.space == "row" for f in collection.before.fields.values())
    cards = [_table(collection)] if flat and collection.samples else [_card(collection, s) for s in collection.samples]
    title = element("h2", collection.source.collection, element("span", f" {collection.source.path}"))
    return element("section", title, note, *cards, left, id=collection.source.collection)


# -- records with views ----------------------------------------------------------------------------------------------


def _card(collection: Collection, sample: Sample) -> Html:
    """One record: its anchors side by side, its plain fields, its steps."""
    after = sample.after if sample.after is not None else {}
    rows = [element("div", "before", class_="side"), element("div", "after, copy 0", class_="side")]
    others: list[FieldSpec] = []
    drawn: set[str] = set()
    for spec in collection.before.fields.values():
        old = view_of(spec.kind, sample.before.get(spec.name))
        if old is None:
            others.append(spec)
            continue
        kind = collection.after[spec.name].kind
        new = view_of(kind, after.get(spec.name))
        targets = collection.before.targets(spec.name)
        drawn |= {t.name for t in targets if marks_of(t.kind, sample.before.get(t.name)) is not None}
        old_marks = marks_on(collection.before.targets(spec.name), sample.before)
        new_marks = marks_on(collection.after.targets(spec.name), after)
        rows.extend(pair(spec, (old, old_marks), (new, new_marks)))
    cells = [_cell(s, sample, collection) for s in others if s.name not in drawn and s.name in sample.before]
    facts = element("dl", *cells, class_="facts") if cells else None
    grid = element("div", *rows, class_="pair") if len(rows) > 2 else None
    return element("article", element("h3", sample.id), grid, facts, _problem(sample), _steps(sample))


# -- plain fields ----------------------------------------------------------------------------------------------------


def _cell(spec: FieldSpec, sample: Sample, collection: Collection) -> Html:
    role = element("span", f" {spec.role}") if spec.role else None
    return element("div", element("dt", spec.name, role), element("dd", _change(spec, sample, collection)))


def _change(spec: FieldSpec, sample: Sample, collection: Collection) -> Html:
    """A plain value, with the old one struck out where it changed."""
    old = plain(spec.kind, sample.before.get(spec.name))
    if sample.after is None:
        return join(old)
    new = plain(collection.after[spec.name].kind, sample.after.get(spec.name))
    return join(old) if old == new else join(element("del", old), " ", element("ins", new))


def _table(collection: Collection) -> Html:
    """Records that hold plain fields only: a line each, changed cells marked."""
    fields = list(collection.before.fields.values())
    head = [element("th", f.name, element("span", f" {f.role or f.kind_id}")) for f in fields]
    rows = []
    for sample in collection.samples:
        cells = [element("td", _change(f, sample, collection), class_=_alignment(f)) for f in fields]
        rows.append(element("tr", *cells))
        notes = join(_problem(sample), _steps(sample))
        rows.append(element("tr", element("td", notes, colspan=len(fields)), class_="how"))
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _alignment(spec: FieldSpec) -> str | None:
    return "number" if spec.kind_id == "number" else None


# -- how it came to be -----------------------------------------------------------------------------------------------


def _problem(sample: Sample) -> Html | None:
    return element("p", sample.problem, class_="problem") if sample.problem else None


def _steps(sample: Sample) -> Html | None:
    """The chain of steps that were applied, with what they drew, and what ran together."""
    if sample.after is None:
        return None
    steps = [element("li", *_step(step)) for step in sample.after.lineage["steps"]]
    chain = element("ol", *steps, class_="steps") if steps else element("p", "No step was applied.", class_="note")
    fused = [element("li", line) for line in sample.fused]
    return join(chain, element("ul", *fused, class_="fused") if fused else None)


def _step(step: Mapping[str, Any]) -> Iterator[Html]:
    yield element("b", step["op"])
    yield element("span", f" {', '.join(step['fields'])}", class_="on")
    draw = step.get("draw")
    for key, value in draw.items() if isinstance(draw, Mapping) else ():
        yield join(" ", element("code", f"{key} {short(value)}"))
    if step.get("donors"):
        yield element("span", f" with {', '.join(step['donors'])}", class_="on")
