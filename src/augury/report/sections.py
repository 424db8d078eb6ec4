"""The sections that tell what the run did: how records passed, the split, classes, what was left out, the recipe."""

from __future__ import annotations

import yaml

from augury.preview.markup import Child, Html, element, join
from augury.report.blocks import Section, count, examples, note, number, percent, plot, section, shortened, table, tree
from augury.report.facts import Facts, Stage
from augury.report.plots import bars

MOST_NOTES = 100
"""Notes and warnings that are listed."""

RECIPE = 200_000
"""Characters of the recipe that are shown."""

MOST_CLASS_PLOTS = 24
"""Plots of classes, one for each side of a collection; the first ones where there are more."""

DASH, MINUS = "\u2013", "\u2212"

PLOTTED_CLASSES = 20
"""Classes of one plot, the commonest first; the table behind it holds more."""


def flow(facts: Facts) -> Section | None:
    """Return how records passed through the stages, with their times."""
    if not facts.stages:
        return None
    steps = [element("li", *_step(stage)) for stage in facts.stages]
    whole = sum(stage["seconds"] for stage in facts.stages)
    rows = [
        (
            stage["name"],
            stage["records_in"],
            stage["records_out"],
            f"{stage['seconds']:.2f} s",
            percent(stage["seconds"] / whole) if whole > 0 else "",
            f"{max(stage['records_in'], stage['records_out']) / stage['seconds']:,.0f} a second"
            if stage["seconds"] > 0
            else "",
        )
        for stage in facts.stages
    ]
    worked = f", on {count(facts.workers, 'process', 'processes')}" if facts.workers else ""
    head = ("stage", "in", "out", "time", "share", "throughput")
    places = [(s["collection"], s["format"], element("code", s["path"]), s["records"]) for s in facts.sources]
    return section(
        "flow",
        "How records passed",
        element("ol", *steps, class_="flow"),
        table(f"Time and throughput of each stage{worked}", head, rows),
        table("Sources", ("collection", "format", "path", "records"), places) if places else None,
    )


def _step(stage: Stage) -> tuple[Child, ...]:
    came, went = stage["records_in"], stage["records_out"]
    change = went - came
    sign = element("span", f"{'+' if change > 0 else MINUS}{number(abs(change))}", class_="change") if change else None
    return element("b", stage["name"]), element("span", number(went), class_="out"), sign


def split(facts: Facts) -> Section | None:
    """Return what the split was asked for and what it reached."""
    sides, asked = facts.split["sides"], facts.split["asked"]
    total = sum(sides.values())
    if not total:
        return None
    reached = {side: n / total for side, n in sides.items()}
    names = list(dict.fromkeys([*sides, *asked]))
    rows: list[tuple[Child | int, ...]] = [
        (side, percent(asked[side]) if side in asked else DASH, percent(reached.get(side, 0.0)), sides.get(side, 0))
        for side in names
    ]
    whole = table("Records by side", ("side", "asked", "reached", "records"), rows)
    groups = {"asked": asked, "reached": reached} if asked else {"reached": reached}
    within = " in any stratum" if facts.split["strata"] else ""
    words = (
        f"The greatest deviation{within} is {percent(facts.split['deviation'])}."
        if asked
        else "Nothing was split by shares."
    )
    figure = plot("Share of records", list(groups), bars(groups, names, "%", "split"), words, whole)
    strata = facts.split["strata"]
    behind = None
    if strata:
        lines: list[tuple[Child | int, ...]] = [
            (name, *(counts.get(side, 0) for side in names)) for name, counts in sorted(strata.items())
        ]
        summary = element("summary", count(len(strata), "stratum", "strata"))
        behind = element("details", summary, table("Records by stratum and side", ("stratum", *names), lines))
    return section("split", "Split", figure, behind)


def classes(facts: Facts) -> Section | None:
    """Return the label classes before and after, for each collection and side."""
    every = [
        (f"{collection}, {side}", facts.classes_before.get(collection, {}).get(side, {}), after)
        for collection, sides in facts.classes_after.items()
        for side, after in sides.items()
        if after
    ]
    if not every:
        return None
    figures = [_classes(*each, f"classes-{i}") for i, each in enumerate(every[:MOST_CLASS_PLOTS])]
    more = len(every) - len(figures)
    rest = note(f"{count(more, 'further side')}, in report.json.") if more else None
    return section("classes", "Classes", element("div", *figures, class_="plots"), rest)


def _classes(title: str, before: dict[str, int], after: dict[str, int], name: str) -> Html:
    names = sorted(before.keys() | after.keys(), key=lambda n: (-after.get(n, 0), -before.get(n, 0), n))
    same = after == before
    groups = {"records": before} if same else {"before: records": before, "after: rows": after}
    rows = [(n, before.get(n, 0), after.get(n, 0)) for n in names]
    behind = table(f"Classes of {title}", ("class", "records before", "rows after"), rows)
    drawn = names[:PLOTTED_CLASSES]
    words = _levels(after, before, same)
    if len(names) > len(drawn):
        words += f" The {len(drawn)} commonest of {number(len(names))} classes are drawn."
    return plot(title, list(groups), bars(groups, drawn, "rows", name), words, behind)


def _levels(counts: dict[str, int], old: dict[str, int], same: bool) -> str:
    def ratio(of: dict[str, int]) -> str:
        filled = [n for n in of.values() if n]
        return f"{max(filled) / min(filled):.3g}" if filled else "0"

    if same:
        return f"Nothing was added here. The commonest class is {ratio(old)} times the rarest."
    return f"The commonest class was {ratio(old)} times the rarest, and is {ratio(counts)} times it after."


def left_out(facts: Facts) -> Section:
    """Return duplicates, what was turned away, and what failed, each with examples."""
    again = facts.duplicates
    pairs = [
        (element("code", p["a"]), element("code", p["b"]), p["field"], float(p["similarity"]))
        for p in again["examples"]
    ]
    within = f" in {count(again['clusters'], 'cluster')}" if again["clusters"] else ""
    found = f"{count(again['exact'], 'exact repeat')} and {count(again['near'], 'pair')} of near repeats{within}."
    if not again["exact"] and not again["near"]:
        found = "No repeat was found."
    return section(
        "left",
        "What was left out",
        element("h3", "Duplicates"),
        element("p", found),
        table("Some that repeat each other", ("one", "the other", "field", "similarity"), pairs) if pairs else None,
        element("h3", "Turned away"),
        *(examples(facts.rejected, "record", "records") or [element("p", "No record was turned away.")]),
        element("h3", "Failed"),
        *(
            examples(facts.quarantine, "record or copy", "records or copies")
            or [element("p", "No record and no copy failed.")]
        ),
        note("The whole lists are in rejected.jsonl and quarantine.jsonl."),
    )


def audit(facts: Facts) -> Section | None:
    """Return what was checked of the finished rows, what failed first."""
    if not facts.audit:
        return None
    items = []
    for check in sorted(facts.audit, key=lambda c: not c["found"]):
        found = [element("li", text) for text in check["found"][:20]]
        verdict = element("b", "failed: " if found else "holds: ", class_="bad" if found else "good")
        items.append(element("li", verdict, check["check"], element("ul", *found) if found else None))
    return section("audit", "Audit", element("ul", *items, class_="checks"))


def notes(facts: Facts) -> Section | None:
    """Return what the run had to say."""
    if not facts.warnings and not facts.notes:
        return None
    every = [*facts.notes, *facts.warnings]
    lines = [element("li", shortened(text, 1000)) for text in every[:MOST_NOTES]]
    if len(every) > len(lines):
        lines.append(element("li", f"and {number(len(every) - len(lines))} more, in report.json", class_="note"))
    return section("notes", "Notes", element("ul", *lines))


def recipe(facts: Facts) -> Section:
    """Return what is needed to make the dataset again: the recipe and the environment."""
    text = yaml.safe_dump(facts.recipe, sort_keys=False, allow_unicode=True, width=100)
    dists = facts.environment.get("distributions")
    rest = {k: v for k, v in facts.environment.items() if k != "distributions"}
    versions = [(str(k), str(v)) for k, v in dists.items()] if isinstance(dists, dict) else []
    behind = None
    if versions:
        summary = element("summary", count(len(versions), "distribution"))
        behind = element("details", summary, table("Versions", ("distribution", "version"), versions))
    commands = join(element("code", "augury verify"), " checks it, ", element("code", "augury replay"))
    return section(
        "recipe",
        "To make it again",
        element("h3", "Recipe"),
        note("hash ", element("code", facts.recipe_hash), f", seed {facts.seed}"),
        element(
            "pre", element("code", shortened(text, RECIPE)), tabindex=0, role="region", aria_label="The recipe as YAML"
        ),
        element("h3", "Environment") if facts.environment else None,
        tree(rest) if rest else None,
        behind,
        note("Content hash ", element("code", facts.content_hash), ". ", commands, " rebuilds any row."),
    )
