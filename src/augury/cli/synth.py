"""``augury synth fit | sample | evaluate``: synthetic rows from a table file, with no recipe."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augury.cli.output import print_table
from augury.cli.parser import UsageError, positive
from augury.errors import describe

DEFAULT_MODEL = "synth.forest"
PREFIX = "synth."
EVERY_S = 0.2


def add(subparsers: Any, summary: str) -> None:
    """Add the command."""
    parser = subparsers.add_parser("synth", help=summary, description="Learn a table file and make rows like its own.")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=type(parser), required=True)
    _add_fit(verbs)
    _add_sample(verbs)
    _add_evaluate(verbs)


def _add_fit(verbs: Any) -> None:
    parser = verbs.add_parser("fit", help="learn a table and save the model")
    parser.add_argument("file", metavar="FILE", help="a CSV, parquet or JSON lines file")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="MODEL_DIR", help="folder to make")
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME", help=f"what learns it (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the model")
    parser.add_argument("--drop", action="append", default=[], metavar="COLUMN", help="leave a column out")
    parser.add_argument("--target", metavar="COLUMN", help="the column that will be predicted")
    parser.add_argument("--seed", type=int, default=0, help="what all randomness comes from (default: 0)")
    parser.add_argument("--steps", type=positive, metavar="N", help="most training steps of a neural model")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="threads of the fit (default: 1)")
    parser.set_defaults(do=fit, parser=parser)


def _add_sample(verbs: Any) -> None:
    parser = verbs.add_parser("sample", help="make rows with a saved model")
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a folder that `augury synth fit` made")
    parser.add_argument("--rows", type=positive, required=True, metavar="N", help="how many")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="a .csv or .parquet file to make")
    text = "rows with this value only, or lo..hi of numbers (may be repeated; one column's values are alternatives)"
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help=text)
    parser.add_argument("--balance", metavar="COLUMN", help="give each of a column's categories equally often")
    parser.set_defaults(do=sample, parser=parser)


def _add_evaluate(verbs: Any) -> None:
    parser = verbs.add_parser("evaluate", help="judge a model's use, fidelity and privacy on a table")
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a folder that `augury synth fit` made")
    parser.add_argument("file", metavar="FILE", help="the table it was fitted on: it is fitted again on parts of it")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict (default: the model's)")
    parser.add_argument("--seeds", type=positive, default=3, metavar="N", help="fits to take the mean of (default: 3)")
    parser.add_argument("--no-baselines", action="store_true", help="do not measure simpler models beside it")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="threads of each fit (default: 1)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.set_defaults(do=evaluate, parser=parser)


def fit(args: argparse.Namespace) -> int:
    """Learn a table, show its schema, save the model."""
    from augury import generate
    from augury.generate.tables import read_table
    from augury.synthesis import Budget

    _refuse_existing(args.out)
    table = read_table(args.file, args.drop)
    print_table(["COLUMN", "KIND", "WHY"], [[n, s.kind_id, table.reasons[n]] for n, s in table.fields.items()])
    for name, reason in table.left_out.items():
        print(f"left out: {name}: {reason}")
    for problem in table.problems[:5]:
        print(f"row left out: {problem}", file=sys.stderr)
    if len(table.problems) > 5:
        print(f"rows left out: {len(table.problems)} in all", file=sys.stderr)
    started = time.monotonic()
    with _Progress() as progress:
        made = generate.fit(
            table.columns, table.fields, model=_model(args.model), params=_params(args.set), target=args.target,
            seed=args.seed, budget=Budget(steps=args.steps, threads=args.threads),
            checkpoint=args.out.with_name(f".{args.out.name}.checkpoint"), observe=progress.show,
        )  # fmt: skip
    for note in made.notes:
        print(f"note: {note}")
    if made.synthesizer.caps.stores_rows:
        print("note: this model holds training rows: whoever has it has them")
    made.save(args.out)
    print(f"learned {made.training['rows']} rows in {time.monotonic() - started:.1f} s, saved to {args.out}")
    print(
        f"next: augury synth sample {args.out} --rows 1000 -o rows.csv    augury synth evaluate {args.out} {args.file}"
    )
    return 0


def sample(args: argparse.Namespace) -> int:
    """Make rows."""
    from augury import generate
    from augury.generate.tables import write_table

    made = generate.load(args.model)
    parts = made.stream(args.rows, _where(args.where, made.fields), args.balance)
    with _Progress() as progress:
        rows = write_table(args.out, _counted(parts, args.rows, progress), made.fields)
    print(f"wrote {rows} rows to {args.out}")
    return 0


def evaluate(args: argparse.Namespace) -> int:
    """Judge a model and say so in words."""
    from augury import generate, quality
    from augury.generate.tables import read_table
    from augury.quality.evaluating import BASELINES
    from augury.synthesis import Budget

    made = generate.load(args.model)
    if args.html and quality.history_of(made.fields):
        fix = "take --html away; a run's report has them on its page"
        raise UsageError(describe("augury synth evaluate --html", "a model of columns", "one of histories", fix=fix))
    table = read_table(args.file, fields=made.fields)
    how: dict[str, Any] = {
        "model": made.synthesizer.entry_id, "params": made.synthesizer.to_dict(), "codec": made.codec.entry_id,
        "codec_params": made.codec.to_dict(), "constraints": made.constraints, "target": args.target or made.target,
        "budget": Budget(threads=args.threads), "protocol": quality.Protocol(seeds=args.seeds),
        "observe": lambda text: print(text, file=sys.stderr, flush=True),
    }  # fmt: skip
    if quality.history_of(made.fields):
        return _evaluate_histories(args, quality.evaluate_histories(table.columns, made.fields, **how))
    baselines = () if args.no_baselines else BASELINES
    found = quality.evaluate(table.columns, made.fields, **how, baselines=baselines)
    _print(found)
    if args.json:
        args.json.write_text(json.dumps(found.to_dict(), indent=1) + "\n", encoding="utf-8")
    if args.html:
        quality.write_page(found, args.html)
        print(f"page: {args.html}")
    return 0


def _evaluate_histories(args: argparse.Namespace, found: Any) -> int:
    """Say how near made histories lie; there are no simpler models to stand beside, and no page of them."""
    document = found.to_dict()
    rows = [[side, *(f"{value:.3f}" for value in one.values())] for side, one in document["sides"].items()]
    print_table(["", *(name.upper() for name in document["sides"]["made"])], rows)
    print(f"{found.users} users of each compared with the training side")
    _print_verdict(found.verdict)
    if args.json:
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


def _print_verdict(verdict: Any) -> None:
    print(f"verdict: {verdict.word}")
    for reason in verdict.reasons:
        print(f"  - {reason}")


def _print(found: Any) -> None:
    measured = ("main", "f1", "others", "two_sample_auc", "closer", "copies", "attack")
    names = {"main": found.main, "f1": "F1", "others": "OTHERS", "two_sample_auc": "TOLD APART", "closer": "CLOSER"}
    keys = tuple(key for key in measured if found.model.mean(key) is not None)
    rows = [["real rows", *(_number(found.real.get(key)) for key in keys), ""]]
    rows += [[_side(s), *(_number(s.mean(k)) for k in keys), s.verdict.word] for s in (found.model, *found.beside)]
    rows += [[n, *(_number(getattr(c, k, None)) for k in keys), "control"] for n, c in found.controls.items()]
    print_table(["", *(names.get(key, key.upper()) for key in keys), "VERDICT"], rows)
    _print_verdict(found.verdict)


def _side(side: Any) -> str:
    return side.name + (" (told the target)" if side.target_aware else "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _model(name: str) -> str:
    return name if "." in name else PREFIX + name


def _params(given: Sequence[str]) -> dict[str, Any]:
    out = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(describe("augury synth fit --set", "NAME=VALUE", text, fix="write --set trees=20"))
        try:
            out[name] = json.loads(value)
        except ValueError:
            out[name] = value
    return out


def _where(given: Sequence[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions: values of one column are alternatives, ``lo..hi`` is a range."""
    from augury.synthesis import Between

    out: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            fix = "write --where city=Rome or --where age=20..30"
            raise UsageError(describe("augury synth sample --where", "COLUMN=VALUE", text, fix=fix))
        kind = fields[name].kind_id if name in fields else ""
        if kind in ("number", "datetime") and ".." in value:
            lo, hi = (_cell(end, kind) if end else None for end in value.split("..", 1))
            out[name] = Between(lo, hi)
        elif name in out and not isinstance(out[name], Between):
            before = out[name] if isinstance(out[name], list) else [out[name]]
            out[name] = [*before, _cell(value, kind)]
        else:
            out[name] = _cell(value, kind)
    return out


def _cell(text: str, kind: str) -> Any:
    if kind != "number":
        return text
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError as error:
            fix = "give a number, or lo..hi"
            raise UsageError(describe("augury synth sample --where", "a number", text, fix=fix)) from error


def _refuse_existing(out: Path) -> None:
    """Find out before the work that the folder is taken."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        fix = "give another folder with -o, or remove this one"
        raise UsageError(describe(str(out), "a new folder", "one that holds something", fix=fix))


def _counted(parts: Any, rows: int, progress: _Progress) -> Any:
    done = 0
    for part in parts:
        yield part
        done += len(next(iter(part.values())))
        progress.show({"step": done, "steps": rows})


class _Progress:
    """One line on a terminal's standard error: how far, what losses, how long still; nothing elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show(self, now: Mapping[str, Any]) -> None:
        at = time.monotonic()
        if not self._live or at - self._last < EVERY_S:
            return
        self._last = at
        step, steps = now.get("step", 0), now.get("steps") or 0
        losses = "  ".join(
            f"{k} {v:.4g}" for k, v in now.items() if k not in ("step", "steps") and isinstance(v, float)
        )
        left = f"  {(at - self._start) / step * (steps - step):.0f} s left" if step and steps else ""
        print(f"\r\033[K{step} of {steps}{left}  {losses}"[:150], end="", file=sys.stderr, flush=True)
