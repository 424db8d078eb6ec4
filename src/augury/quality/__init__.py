"""Whether synthetic rows can be used: their utility, fidelity and privacy, beside what is simpler, with a verdict.

    from augury import quality

    found = quality.evaluate(table.columns, table.fields, model="synth.forest", target="income")
    print(found.verdict.word, *found.verdict.reasons)
    quality.write_page(found, "evaluation.html")

Needs scikit-learn, and matplotlib for the page: ``pip install 'augury[quality]'``.
"""

from __future__ import annotations

from augury.quality.evaluating import BASELINES, Evaluation, Protocol, evaluate
from augury.quality.gate import hold
from augury.quality.histories import Histories, compare, evaluate_histories, history_of, likeness
from augury.quality.page import write_page

__all__ = [
    "BASELINES",
    "Evaluation",
    "Histories",
    "Protocol",
    "compare",
    "evaluate",
    "evaluate_histories",
    "history_of",
    "hold",
    "likeness",
    "write_page",
]
