"""The section on synthetic rows: how they were made, what their gate asked, what they are worth on held-out records."""

from __future__ import annotations

from augury.preview.markup import Child, Html, element, join
from augury.quality.evaluating import Evaluation
from augury.report.blocks import Section, count, note, section, table, tree
from augury.report.facts import Facts, GateFacts, Made, said
from augury.report.judged import judged, verdict

INTRO = (
    "Models learned the training side alone, and made further rows for it. What such rows are worth is measured on "
    "records that no model saw; nothing of the dataset hangs on these figures but for a gate, which looks at the "
    "training side alone. They are measurements against these attacks, and no proof of privacy."
)


MEASURES = ("popularity", "length", "copies")
"""Of histories, as `augury.quality.Likeness` has them."""


def made(facts: Facts) -> Section | None:
    """Return what is known of synthetic rows, where any were asked for."""
    if not facts.synthesis:
        return None
    parts = (part for i, one in enumerate(facts.synthesis) for part in _entry(one, f"made-{i}"))
    return section("synthesis", "Synthetic rows", *parts, intro=INTRO)


def _entry(one: Made, name: str) -> list[Child]:
    made = f"{count(one['rows'], 'row')} by {one['model']}" if one["rows"] else f"no rows by {one['model']}"
    turned = one["turned_away"]
    more = f"; {count(turned, 'row')} that equalled a held-out record left out" if turned else ""
    out: list[Child] = [element("h3", one["title"], element("span", f" {made}{more}"))]
    if one["stores_rows"]:
        out.append(note("This model holds training rows: whoever has it has them."))
    if one["gate"] is not None:
        out.append(_gate(one["gate"]))
    evaluation = _restored(one)
    if evaluation is not None:
        held = one["held"] or "an inner split of the training side"
        sizes = evaluation.sizes
        words = f"Judged on {held}: {sizes['train']:,} training rows, {sizes['test']:,} held out."
        out += [note(words), *judged(evaluation, name), _written(evaluation)]
    elif one["note"]:
        out.append(note(one["note"]))
    for field, sides in one["histories"].items():
        out += [*_verdict(one), _histories(field, sides)]
    summary = element("summary", "How it was made")
    return [*out, element("details", summary, tree(one["how"]))]


def _verdict(one: Made) -> list[Child]:
    """Return the verdict on histories, and on how many of them it rests."""
    judged = one["judged"]
    if not isinstance(judged, dict) or not said(one)[0]:
        return []
    words = f"Judged on {one['held']}: {count(judged.get('users', 0), 'user')} of each kind compared."
    return [note(words), verdict(*said(one))]


def _histories(field: str, sides: dict[str, dict[str, float]]) -> Html:
    """Return how far histories lie from those of the training side."""
    rows = [
        (side, *(f"{found[name]:.3f}" if name in found else "" for name in MEASURES)) for side, found in sides.items()
    ]
    head = ("", "items: total variation", "length: KS distance", "copies: share")
    return table(f"How histories of {field} differ from the training side; 0 is equal", head, rows)


def _restored(one: Made) -> Evaluation | None:
    """Return what was measured on held-out records, else what the gate measured; None where that cannot be read."""
    document = one["evaluation"] or one["inner"]
    try:
        return None if document is None else Evaluation.from_dict(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # report.json lies open, and a page can be made of the rest


def _gate(gate: GateFacts) -> Html:
    items = []
    for check in sorted(gate["checks"], key=lambda c: c["passed"]):
        mark = element("b", "reached: " if check["passed"] else "missed: ", class_="good" if check["passed"] else "bad")
        items.append(element("li", mark, check["asked"], ": ", check["got"]))
    word = "passed" if gate["passed"] else "did not pass"
    head = element("p", element("b", f"The gate {word}", class_="good" if gate["passed"] else "bad"), class_="verdict")
    return join(head, element("ul", *items, class_="checks"))


def _written(found: Evaluation) -> Html | None:
    """Return in words what the rows that were written add to real ones."""
    rows, added = found.written.get("rows"), found.written.get("added_main")
    best = found.real.get("main")
    if not rows or added is None or best is None:
        return None
    f1, best_f1 = found.written.get("added_f1"), found.real.get("f1")
    more = f", macro F1 {f1:.3f} against {best_f1:.3f}" if f1 is not None and best_f1 is not None else ""
    words = f"The {int(rows):,} rows as they were written, added to the training records: {found.main} of the target"
    return note(f"{words} {added:.3f} against {best:.3f} without them{more}.")
