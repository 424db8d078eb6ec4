"""The page of an evaluation: the verdict first, the figures beside the baselines, then what they were made from."""

from __future__ import annotations

from pathlib import Path

from augury.preview.markup import element
from augury.quality.evaluating import Evaluation
from augury.quality.needs import need


def write_page(found: Evaluation, out: str | Path) -> None:
    """Write an evaluation as one HTML file that loads nothing from elsewhere.

    Raises:
        PluginError: without matplotlib.
    """
    need("matplotlib", "matplotlib")
    from augury.report.judged import judged
    from augury.report.page import whole  # reports show evaluations, so they come first

    name, sizes, seeds = found.model.name, found.sizes, found.protocol.seeds
    facts = f"{sizes['train']} training rows, {sizes['test']} test rows, halves of {sizes['half']}"
    facts += f", {seeds} seed{'s' * (seeds > 1)}" + (f", target {found.target}" if found.target else "")
    header = element("header", element("h1", name, element("span", " evaluation")), element("p", facts, class_="note"))
    text = whole(f"{name}: evaluation", header, element("main", *judged(found, "evaluation"), id="main"))
    Path(out).write_text(text, encoding="utf-8")
