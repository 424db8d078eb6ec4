"""What an evaluation found, as blocks of a page: the verdict, the figures beside the baselines, what they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from augury.preview.markup import Html, element, join
from augury.quality.evaluating import Evaluation, Figures
from augury.report.blocks import note, percent, plot, table
from augury.report.plots import bars, curves, points

MOST_COLUMNS = 6
"""Columns that are drawn, those farthest apart first."""

MEASURES = (
    ("main", "{main} of the target", "learned from these rows, tested on real rows; higher is better"),
    ("f1", "macro F1 of the target", "the same, every class counting alike"),
    ("added_main", "{main}, with real rows", "learned from real and these rows together"),
    ("added_f1", "macro F1, with real rows", "the same, every class counting alike"),
    ("others", "other columns", "mean score of predicting four other columns"),
    ("marginals", "columns apart", "mean total variation distance of single columns; 0 is equal"),
    ("pairs", "pairs apart", "the same of pairs of columns"),
    ("two_sample_auc", "told from real", "AUC of telling these rows from real ones; 0.5 is not at all"),
    ("closer", "closer to training", "share nearer to rows the model saw than to others; 0.5 is no leak"),
    ("closer_isolated", "closer, isolated", "the same near the most isolated rows, whose privacy matters most"),
    ("near", "5 % distance", "to rows the model saw; compare with that of real rows it did not see"),
    ("middle", "50 % distance", "the same of the middle row"),
    ("attack", "attack AUC", "of guessing who was in the training set; 0.5 is chance"),
    ("copies", "copies", "share that equals a row the model saw"),
)


def judged(found: Evaluation, name: str) -> list[Html]:
    """Return the blocks of an evaluation; ``name`` is a prefix of ids, different for each of a page."""
    return [
        verdict(found.verdict.word, found.verdict.reasons),
        figures(found),
        controls(found),
        element("div", *_plots(found, name), class_="plots"),
    ]


def verdict(word: str, given: Sequence[str]) -> Html:
    """Return a verdict with its reasons."""
    reasons = (element("li", reason[:1].upper() + reason[1:] + ".") for reason in given)
    mark = element("b", word.capitalize(), class_={"use": "good", "do not use": "bad"}.get(word))
    return join(element("p", mark, class_="verdict"), element("ul", *reasons, class_="checks"))


def figures(found: Evaluation) -> Html:
    """Return the table of all measures: real rows, the model, what is simpler."""
    sides = (found.model, *found.beside)
    head = ["", "real rows", *(_label(one) for one in sides)]
    shown = [m for m in MEASURES if found.model.mean(m[0]) is not None]
    main = found.main or "score"
    rows: list[Sequence[Any]] = [
        (label.format(main=main), _real(found, key), *(_cell(one, key) for one in sides)) for key, label, _ in shown
    ]
    rows.append(("verdict", "", *(one.verdict.word for one in sides)))
    legend = (element("li", element("b", label.format(main=main)), f": {what}") for _, label, what in shown)
    seeds = found.protocol.seeds
    mean = f"Mean and half the range over {seeds} seeds" if seeds > 1 else "One seed"
    told = ", * is told the target" if any(one.target_aware for one in sides) else ""
    return join(
        table(f"Figures. {mean}{told}", head, rows),
        element("details", element("summary", "What they mean"), element("ul", *legend, class_="examples")),
    )


def controls(found: Evaluation) -> Html:
    """Return what privacy's measures say of a copy and of fresh real rows: whether they work on this table."""
    rows = [(n, _short(one.closer), _short(one.attack), _short(one.copies)) for n, one in found.controls.items()]
    words = "Controls. A copy must come out near 1, fresh real rows near 0.5"
    return table(words, ("", "closer to training", "attack AUC", "copies"), rows)


def _label(one: Figures) -> str:
    return one.name.removeprefix("synth.") + (" *" if one.target_aware else "")


def _short(value: float) -> str:
    return f"{value:.3f}"


def _cell(one: Figures, key: str) -> str:
    mean = one.mean(key)
    several = len(one.values.get(key, ())) > 1
    return "" if mean is None else f"{mean:.3f} \u00b1 {one.spread(key):.3f}" if several else f"{mean:.3f}"


def _real(found: Evaluation, key: str) -> str:
    """Return what real rows score of a measure: measured, or of the fresh real rows of the controls."""
    value = found.real.get(key, getattr(found.controls["fresh real rows"], key, None))
    return "" if value is None else _short(value)


def _plots(found: Evaluation, name: str) -> Iterator[Html]:
    yield _trade(found, f"{name}-trade")
    yield _distances(found, f"{name}-distances")
    for i, (column, shares) in enumerate(list(found.plots["columns"].items())[:MOST_COLUMNS]):
        yield _column(found, column, shares, f"{name}-column-{i}")


def _trade(found: Evaluation, name: str) -> Html:
    key = "main" if found.target is not None else "others"
    both = [(one, one.mean("closer"), one.mean(key)) for one in (found.model, *found.beside)]
    places = {_label(one): (x, y) for one, x, y in both if x is not None and y is not None}
    what = f"{found.main} of the target" if key == "main" else "score of other columns"
    labels = ("share closer to training rows", what)
    rows = [(label, _short(x), _short(y)) for label, (x, y) in places.items()]
    words = "Up and to the left is better: 0.5 is no leak. The line is what real rows teach."
    if not places:
        return note("Use cannot be drawn: no column can be predicted from the others.")
    drawing = points(places, labels, found.real.get(key), name)
    return plot("Use and privacy together", ["real rows", "this model", "beside it"], drawing, words,
                table("Use and privacy", ("", *labels), rows))  # fmt: skip


def _distances(found: Evaluation, name: str) -> Html:
    groups = {"real rows it did not see": found.plots["distances"]["real"], "made": found.plots["distances"]["made"]}
    marks = [(f"{q} %", *(_short(values[q]) for values in groups.values())) for q in (1, 5, 25, 50, 75, 95)]
    words = "Where the curve of made rows lies left of the other, they are nearer to training rows than chance."
    drawing = curves(groups, "distance to the nearest row the model saw", name)
    return plot("Distance to training rows", list(groups), drawing, words, table("Quantiles", ("", *groups), marks))


def _column(found: Evaluation, column: str, shares: dict[str, Any], name: str) -> Html:
    labels = [str(label) for label in shares["labels"]]
    groups = {side: dict(zip(labels, shares[side], strict=True)) for side in ("real", "made")}
    rows = [(label, *(percent(groups[side][label]) for side in groups)) for label in labels]
    words = f"Total variation {_short(found.columns[column])}."
    behind = table(f"Shares of {column}", ("value, or where a bin begins", *groups), rows)
    return plot(f"Column {column}", list(groups), bars(groups, labels, "%", name), words, behind)
