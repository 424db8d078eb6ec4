"""The page of an evaluation: the verdict first, the figures beside the baselines, then what they were made from."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from augury.preview.markup import Html, element, join
from augury.quality.evaluating import Evaluation, Figures
from augury.quality.needs import need

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MOST_COLUMNS = 12
REAL, MADE, QUIET = "#4c78a8", "#e45756", "#9aa0a6"

MEASURES = (
    ("main", "{main} of the target", "higher is better; predicted on real test rows by a model trained on these rows"),
    ("f1", "macro F1 of the target", "the same, every class counting alike"),
    ("added_main", "{main}, added to real rows", "trained on real and these rows together"),
    ("others", "other columns", "mean score of predicting four other columns"),
    ("marginals", "columns apart", "mean total variation distance of single columns; 0 is equal"),
    ("pairs", "pairs apart", "the same of pairs of columns"),
    ("two_sample_auc", "told from real", "AUC of telling these rows from real ones; 0.5 is not at all"),
    ("closer", "closer to training", "share of rows nearer to rows the model saw than to others; 0.5 is no leak"),
    ("closer_isolated", "the same, isolated", "near the most isolated rows, whose privacy matters most"),
    ("near", "5 % distance", "to rows the model saw; compare with that of real rows it did not see"),
    ("copies", "copies", "share of rows that equal one the model saw"),
    ("attack", "attack AUC", "of guessing who was in the training set; 0.5 is chance"),
)


def write_page(found: Evaluation, out: str | Path) -> None:
    """Write an evaluation as one HTML file that loads nothing from elsewhere.

    Raises:
        PluginError: without matplotlib.
    """
    need("matplotlib", "matplotlib")
    Path(out).write_text(_page(found), encoding="utf-8")


def _page(found: Evaluation) -> str:
    style = files("augury.preview").joinpath("style.css").read_text(encoding="utf-8")
    own = files("augury.quality").joinpath("style.css").read_text(encoding="utf-8")
    name = found.model.name
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"{name}: evaluation"),
        Html(f"<style>{style}\n{own}</style>"),
    )
    sizes = found.sizes
    facts = f"{sizes['train']} training rows, {sizes['test']} test rows, halves of {sizes['half']}"
    facts += f", {found.protocol.seeds} seed{'s' * (found.protocol.seeds > 1)}" + (
        f", target {found.target}" if found.target else ""
    )
    header = element("header", element("h1", name, element("span", " evaluation")), element("p", facts, class_="note"))
    body = element("body", header, element("main", *_sections(found)))
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


def _sections(found: Evaluation) -> list[Html]:
    out = [_verdict(found), _table(found), _controls(found)]
    out.append(_section("Use and privacy together", _figure(_draw_trade, found), "Up and to the left is better."))
    out.append(
        _section(
            "Distance to the rows the model saw",
            _figure(_draw_distances, found),
            "Where the made rows' curve lies left of the real ones', they are nearer to training rows than chance.",
        )
    )
    out.append(
        _section("Columns", _figure(_draw_columns, found), "The columns that are farthest apart, in quantile bins.")
    )
    return out


def _section(title: str, *children: Any) -> Html:
    *content, note = children
    return element("section", element("h2", title), *content, element("p", note, class_="note"))


def _verdict(found: Evaluation) -> Html:
    word = found.verdict.word
    reasons = [element("li", _sentence(reason)) for reason in found.verdict.reasons]
    return element(
        "section",
        element("h2", word.capitalize(), class_=word.replace(" ", "-")),
        element("ul", *reasons),
        class_="verdict",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _table(found: Evaluation) -> Html:
    sides = (found.model, *found.beside)
    measures = [m for m in MEASURES if found.model.mean(m[0]) is not None]
    top = element("tr", element("th", ""), element("th", "real rows"), *(element("th", _label(one)) for one in sides))
    rows = []
    for key, label, what in measures:
        real = _real(found, key)
        cells = [element("td", "" if real is None else f"{real:.3f}")]
        cells += [element("td", _cell(one, key)) for one in sides]
        rows.append(element("tr", element("th", label.format(main=found.main or "score"), title=what), *cells))
    words = [element("td", one.verdict.word, class_=one.verdict.word.replace(" ", "-")) for one in sides]
    rows.append(element("tr", element("th", "verdict"), element("td", ""), *words))
    legend = [
        element("li", element("b", label.format(main=found.main or "score")), f": {what}")
        for _, label, what in measures
    ]
    note = join("Mean and half the range over seeds. ", "A model told the target is marked *.")
    table = element("div", element("table", element("thead", top), element("tbody", *rows)), class_="wide")
    return _section(
        "Figures", table, element("details", element("summary", "What they mean"), element("ul", *legend)), note
    )


def _label(one: Figures) -> str:
    return one.name.removeprefix("synth.") + (" *" if one.target_aware else "")


def _cell(one: Figures, key: str) -> str:
    mean = one.mean(key)
    several = len(one.values.get(key, ())) > 1
    return "" if mean is None else f"{mean:.3f} ± {one.spread(key):.3f}" if several else f"{mean:.3f}"


def _real(found: Evaluation, key: str) -> float | None:
    """Return what real rows score of a measure: measured, or of the fresh real rows of the controls."""
    if key in found.real:
        return found.real[key]
    fresh = found.controls["fresh real rows"]
    return getattr(fresh, key, None)


def _controls(found: Evaluation) -> Html:
    rows = [
        element("tr", element("th", name), element("td", f"{one.closer:.3f}"), element("td", f"{one.attack:.3f}"),
                element("td", f"{one.copies:.3f}"))
        for name, one in found.controls.items()
    ]  # fmt: skip
    top = element("tr", *(element("th", text) for text in ("", "closer to training", "attack AUC", "copies")))
    table = element("table", element("thead", top), element("tbody", *rows))
    return _section("Controls", table, "A copy of the rows must come out near 1, fresh real rows near 0.5.")


def _figure(draw: Any, found: Evaluation) -> Html:
    """Return a drawing as inline SVG."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    options: dict[Any, Any] = {
        "svg.hashsalt": "augury", "svg.fonttype": "path", "font.size": 9, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": QUIET, "xtick.color": "#666", "ytick.color": "#666",
    }  # fmt: skip
    with rc_context(options):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        draw(figure, found)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = out.getvalue()
    return element("div", Html(svg[svg.index("<svg") :]), class_="plot")


def _draw_trade(figure: Any, found: Evaluation) -> None:
    axes = figure.add_subplot()
    key = "main" if found.target is not None else "others"
    best = found.real.get(key)
    if best is not None:
        axes.axhline(best, color=REAL, linewidth=1, linestyle="--")
        axes.annotate("real rows", (0.99, best), xycoords=("axes fraction", "data"), ha="right", va="top", color=REAL)
    axes.axvline(0.5, color=QUIET, linewidth=1, linestyle=":")
    for one in (found.model, *found.beside):
        x, y = one.mean("closer"), one.mean(key)
        if x is not None and y is not None:
            axes.plot([x], [y], "o", color=MADE if one is found.model else QUIET)
            axes.annotate(_label(one), (x, y), xytext=(6, 4), textcoords="offset points")
    axes.set_xlim(0.4, 1.02)
    axes.set_xlabel("share of rows closer to training rows (0.5: no leak)")
    axes.set_ylabel(found.main if key == "main" else "score of other columns")


def _draw_distances(figure: Any, found: Evaluation) -> None:
    axes = figure.add_subplot()
    for (name, values), color in zip(found.plots["distances"].items(), (REAL, MADE), strict=True):
        ordered = np.sort(values)
        places = np.unique(np.linspace(0, len(ordered) - 1, 400).astype(int))
        axes.plot(ordered[places], (places + 1) / len(ordered), color=color, label=name)
    axes.set_xlabel("distance to the nearest row the model saw")
    axes.set_ylabel("share of rows within it")
    axes.legend(frameon=False, loc="lower right")


def _draw_columns(figure: Any, found: Evaluation) -> None:
    coder, real, made = (found.plots[name] for name in ("coder", "real", "made"))
    worst = sorted(found.columns, key=lambda name: -found.columns[name])[:MOST_COLUMNS]
    across = min(4, len(worst))
    down = -(-len(worst) // across)
    figure.set_size_inches(9, 1.9 * down + 0.4)
    for place, name in enumerate(worst, start=1):
        axes = figure.add_subplot(down, across, place)
        labels, sides = _shares(coder.columns[name].codes, real[name], made[name])
        at = np.arange(len(labels))
        for side, offset, color in zip(sides, (-0.2, 0.2), (REAL, MADE), strict=True):
            axes.bar(at + offset, side, 0.4, color=color)
        axes.set_title(f"{_short(name, 22)} ({found.columns[name]:.3f})", fontsize=8, parse_math=False)
        axes.set_xticks(at, [_short(label, 9) for label in labels], rotation=90, fontsize=6, parse_math=False)
        axes.set_yticks([])
    figure.legend(["real", "made"], loc="outside lower right", ncols=2, frameon=False)


def _shares(codes: Any, real: np.ndarray, made: np.ndarray) -> tuple[list[str], list[np.ndarray]]:
    """Return at most ten bins' labels and both sides' shares."""
    if codes is not None:
        labels = [str(value) for value in list(codes)[:10]]
        return labels, [
            np.bincount(np.minimum(side, 10), minlength=11)[: len(labels)] / len(side) for side in (real, made)
        ]
    values = real[~np.isnan(real)]
    lo, hi = np.quantile(values, [0.005, 0.995])
    edges = np.linspace(lo, hi if hi > lo else lo + 1, 11)
    labels = [f"{edge:.3g}" for edge in edges[:-1]]
    return labels, [np.histogram(side[~np.isnan(side)], edges)[0] / len(side) for side in (real, made)]


def _short(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else text[: most - 1] + "…"
