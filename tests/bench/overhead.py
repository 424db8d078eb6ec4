"""What a pipeline itself costs: microseconds an op and record, with ops that do nothing, over eight steps.

    python -m tests.bench overhead         the figures
    python -m tests.bench.overhead         where they go

Kernels and target arithmetic are left out: the ops draw one number and declare nothing, or an edit of a two-letter text.
"""

from __future__ import annotations

import cProfile
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import augury
from tests.plugins.demo_dist import demo_installed

STEPS = 8
RECORDS = 2000
ROUNDS = 7


def cases() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return pipelines of eight steps with a record each."""
    text = {"text": "demo.letters"}
    marked = {**text, "marks": {"kind": "demo.marks", "of": "text"}}
    steps = {
        "no-op": ["demo.noop"] * STEPS,
        "no-op, p 0.5": [{"demo.noop": {"p": 0.5}}] * STEPS,
        "a draw": ["demo.draw"] * STEPS,
        "a draw, in one_of": [{"one_of": ["demo.draw", "demo.draw"]}] * STEPS,
        "an edit of two letters": ["demo.rotate"] * STEPS,
    }
    out = {name: (augury.pipeline(s, fields=text), {"text": "ab"}) for name, s in steps.items()}
    edited = augury.pipeline(["demo.rotate"] * STEPS, fields=marked)
    out["an edit, with a target"] = (edited, {"text": "ab", "marks": [(0, 2, "x")]})
    out["nothing at all (one record)"] = (augury.pipeline([], fields=text), {"text": "ab"})
    return out


def microseconds(call: Callable[[int], Any], n: int = RECORDS) -> float:
    """Return the median time of a call over several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for i in range(n):
            call(i)
        times.append((time.perf_counter() - start) / n * 1e6)
    return statistics.median(times)


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a case: what, ours, against, ratio, asked, met."""
    with tempfile.TemporaryDirectory() as folder, demo_installed(Path(folder) / "site"):
        pipes = cases()
        empty, record = pipes.pop("nothing at all (one record)")
        base = microseconds(lambda i: empty(record, seed=7, id=str(i)))
        for name, (pipe, one) in pipes.items():
            total = microseconds(lambda i, pipe=pipe, one=one: pipe(one, seed=7, id=str(i)))
            cost = (total - base) / STEPS
            counts = name in ("no-op", "a draw")
            yield {
                "what": f"{name}, eight steps",
                "ours": f"{cost:.1f} us an op and record",
                "against": f"{base:.1f} us a record with no steps",
                "ratio": None,
                "asked": "5 us" if counts else "",
                "met": cost <= 5 if counts else None,
            }


def main() -> None:
    """Show where the time of a step that draws goes."""
    with tempfile.TemporaryDirectory() as folder, demo_installed(Path(folder) / "site"):
        pipe, one = cases()["a draw"]
        profile = cProfile.Profile()
        profile.runcall(lambda: [pipe(one, seed=7, id=str(i)) for i in range(RECORDS)])
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)


if __name__ == "__main__":
    main()
