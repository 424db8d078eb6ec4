"""Synthesizers of tables under one protocol: every one that is installed, the baselines, and TVAE and CTGAN.

Fit times are CPU seconds of one thread, so that a busy machine changes them little; only their ratios mean something.
The peers' package is under a licence of its own: it is installed into an environment that this bench makes, and stands in
no requirement file. AUGURY_REAL_DATA has the tables; AUGURY_BENCH_SEEDS (default 3), AUGURY_BENCH_TABLES and
AUGURY_BENCH_MODELS (comma-separated) cut the run short. AUGURY_BENCH_CACHE names a folder that keeps what was measured
of each (table, model, seed), so that a run that was stopped goes on: remove a model's .json when its code, or the
protocol, has changed. The rows that the peers made are kept too (.parquet), so that judging them again costs no fit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from augury.catalog import registry
from augury.errors import AuguryError
from augury.generate import fit
from augury.generate.tables import read_table
from augury.quality.evaluating import Bench, Figures, Maker, Protocol
from augury.record import FieldSpec

ROOT = Path(__file__).parents[2]
PEERS = ("TVAE", "CTGAN")
EPOCHS = 100
CACHE = os.environ.get("AUGURY_BENCH_CACHE")
SEEDS = int(os.environ.get("AUGURY_BENCH_SEEDS", "3"))


class Measured(NamedTuple):
    """A candidate's figures, and the mean CPU seconds of a fit on all training rows."""

    figures: Figures
    seconds: float


class Data(NamedTuple):
    """A table of AUGURY_REAL_DATA: its file and the column to predict."""

    file: str
    target: str


TABLES = {
    "adult": Data("adult/adult.csv", "income"),
    "bank_marketing": Data("bank_marketing/bank-additional.csv", "y"),
    "california_housing": Data("california_housing/housing.csv", "median_house_value"),
}

ASKED: Mapping[str, Mapping[str, float]] = {
    "synth.autoregressive": {
        "main": 0.914, "f1": 0.797, "others": -0.012, "two_sample_auc": 0.56, "closer": 0.52, "time": 0.4,
    },
    "synth.forest_target": {"main": 0.918, "f1": 0.80, "closer": 0.55, "time": 0.2},
    "synth.vae": {"main": 0.900, "f1": 0.780, "time": 1.0},
    "synth.gan": {"main": 0.0, "f1": 0.0, "time": 1.0},
}  # fmt: skip
"""What is asked on adult. ``others`` is against real rows, what is in `AGAINST` against a peer in the same run."""

AGAINST = {
    **{(id, "time"): "TVAE" for id in ("synth.autoregressive", "synth.forest_target", "synth.vae")},
    **{("synth.gan", figure): "CTGAN" for figure in ("main", "f1", "time")},
}
"""Figures that are asked as a ratio of a peer's time, or as a difference from its quality."""

AT_MOST = ("two_sample_auc", "closer", "time")

PEER = """
import json, sys, time
import numpy as np, pandas as pd, torch
import ctgan
name, source, out, epochs, seed, rows, discrete = sys.argv[1:]
torch.set_num_threads(1); torch.manual_seed(int(seed)); np.random.seed(int(seed))
table = pd.read_parquet(source)
started = time.process_time()
model = getattr(ctgan, name)(epochs=int(epochs), **({} if name == "TVAE" else {"verbose": False}))
model.fit(table, json.loads(discrete))
print(time.process_time() - started)
model.sample(int(rows)).to_parquet(out)
"""


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a model and table, and on adult one for each figure that is asked."""
    home = Path(os.environ.get("AUGURY_REAL_DATA", ROOT.parent / "shared" / "data"))
    for name in os.environ.get("AUGURY_BENCH_TABLES", ",".join(TABLES)).split(","):
        if not (home / TABLES[name].file).exists():
            yield _row(f"{name}: not there, set AUGURY_REAL_DATA", "", "")
            continue
        yield from _table(name, home)


def _table(name: str, home: Path) -> Iterator[dict[str, Any]]:
    table = read_table(home / TABLES[name].file)
    target = TABLES[name].target
    bench = Bench(table.columns, table.fields, target, Protocol(seeds=SEEDS))
    main = "AUC" if bench.task is not None and bench.task.classes else "R2"
    real = {key: value for key, value in bench.real.items() if value is not None}
    yield _row(f"{name}: real rows", _figures(real, main), "")
    for control, seen in bench.space.controls.items():
        yield _row(f"{name}: {control}", f"closer {seen.closer:.3f} attack {seen.attack:.3f}", "control")
    peers: dict[str, Measured] = {}
    for peer in _chosen(PEERS):
        with TemporaryDirectory() as folder:
            took: list[float] = []
            make = _peer(peer, table.fields, Path(CACHE or folder) / f"{name}-{peer}", took)
            peers[peer] = _measure(name, bench, peer, make, took, {"epochs": EPOCHS})
        yield _line(name, main, peers[peer], None)
    for id in _chosen(registry().ids("synthesizers")):
        cls = registry().load("synthesizers", id)
        took = []
        make = _ours(id, table.fields, target, took)
        try:
            found = _measure(name, bench, id, make, took, cls().to_dict(), bool(cls.caps.target_aware))
        except AuguryError as error:
            yield _row(f"{name}: {id}", f"refused: {error}"[:100], "")
            continue
        yield _line(name, main, found, peers.get("TVAE"))
        if name == "adult":
            yield from _asked(id, found, real, peers)


def _measure(
    table: str, bench: Bench, id: str, make: Maker, took: list[float], params: Mapping[str, Any], aware: bool = False
) -> Measured:
    """Return a candidate's figures and the seconds of its fits on all training rows, each seed from the cache or now."""
    found, seconds = [], []
    for seed in range(SEEDS):
        kept = Path(CACHE) / f"{table}-{id}-{seed}.json" if CACHE else None
        one = json.loads(kept.read_text()) if kept and kept.exists() else None
        if one is None or one["params"] != json.loads(json.dumps(params)):
            took.clear()
            figures = bench.measure_seed(make, seed)
            one = {"figures": figures, "fit_cpu_s": took[0], "params": dict(params)}
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.with_suffix(".part").write_text(json.dumps(one, indent=2) + "\n")
                kept.with_suffix(".part").replace(kept)
        found.append(one["figures"])
        seconds.append(one["fit_cpu_s"])
    return Measured(bench.figures(id, found, aware), mean(seconds))


def _chosen(names: Any) -> list[str]:
    wanted = os.environ.get("AUGURY_BENCH_MODELS")
    return [name for name in names if wanted is None or name in wanted.split(",")]


def _ours(id: str, fields: Mapping[str, FieldSpec], target: str, took: list[float]) -> Maker:
    def make(rows: Any, seed: int) -> Any:
        started = time.process_time()
        made = fit(rows, fields, model=id, target=target, seed=seed)
        took.append(time.process_time() - started)
        return made.stream

    return make


def _peer(name: str, fields: Mapping[str, FieldSpec], stem: Path, took: list[float]) -> Maker:
    """Return a maker that fits a peer in its own process; it takes no missing numbers, so those are its medians.

    What it made of so many rows under a seed lies in files that begin with ``stem``, and is not made again.
    """
    import pandas as pd

    discrete = [n for n, spec in fields.items() if spec.kind_id not in ("number", "datetime")]

    def make(rows: Any, seed: int) -> Any:
        frame = pd.DataFrame({n: rows[n] for n in fields})
        for column in frame:
            if column in discrete:
                frame[column] = ["?" if v is None else str(v) for v in rows[column]]
            else:
                frame[column] = frame[column].astype(float).fillna(frame[column].median())

        def sample(n: int) -> Any:
            train, out, seconds = (Path(f"{stem}-{seed}-{n}.{what}") for what in ("train", "parquet", "seconds"))
            if not seconds.exists():
                stem.parent.mkdir(parents=True, exist_ok=True)
                frame.to_parquet(train)
                arguments = [name, train, out, EPOCHS, seed, n, json.dumps(discrete)]
                clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"LOKY_MAX_CPU_COUNT": "1"}
                done = subprocess.run(
                    [_environment(), "-W", "ignore", "-c", PEER, *map(str, arguments)],
                    capture_output=True, text=True, check=True, env=clean,
                )  # fmt: skip
                seconds.write_text(done.stdout.split()[-1])
            took.append(float(seconds.read_text()))
            made = pd.read_parquet(out)
            yield {c: [_value(spec, v) for v in made[c].tolist()] for c, spec in fields.items()}

        return sample

    return make


def _value(spec: FieldSpec, value: Any) -> Any:
    if spec.kind_id == "number":
        return spec.kind.from_column(np.array([value], dtype=float))[0]
    return None if value == "?" else spec.kind.check(value)


def _environment() -> str:
    """Return the Python of the peers' own environment, made the first time; it borrows this one's torch."""
    folder = ROOT / ".venv-ctgan"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "zz-borrowed.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")) + "\n")
        clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        subprocess.run([python, "-m", "pip", "install", "--quiet", "ctgan==0.12.*"], check=True, env=clean)
        (folder / "installed").touch()
    return str(python)


def _figures(values: Mapping[str, float], main: str) -> str:
    names = {
        "main": main,
        "f1": "F1",
        "others": "others",
        "two_sample_auc": "told",
        "closer": "closer",
        "copies": "copies",
    }
    return "  ".join(f"{names[key]} {values[key]:.3f}" for key in names if key in values)


def _line(name: str, main: str, found: Measured, peer: Measured | None) -> dict[str, Any]:
    figures, took = found
    means = {key: figures.mean(key) or 0.0 for key in figures.values}
    aware = " (told the target)" if figures.target_aware else ""
    text = f"{_figures(means, main)}  spread {figures.spread('main'):.3f}  {took:.0f} CPU s: {figures.verdict.word}"
    against = "" if peer is None else f"TVAE {peer.figures.mean('main') or 0:.3f}  time x {took / peer.seconds:.2f}"
    row = _row(f"{name}: {figures.name}{aware}", text, against)
    row["ratio"] = None if peer is None else means["main"] / (peer.figures.mean("main") or 1.0)
    row["figures"] = {key: list(values) for key, values in figures.values.items()} | {"fit_cpu_s": took}
    return row


def _asked(
    id: str, found: Measured, real: Mapping[str, float], peers: Mapping[str, Measured]
) -> Iterator[dict[str, Any]]:
    for key, limit in ASKED.get(id, {}).items():
        peer = AGAINST.get((id, key))
        if peer is not None and peer not in peers:
            continue
        value = _value_of(found, key)
        if peer is not None:
            other = _value_of(peers[peer], key)
            value = value / other if key == "time" else value - other
        value -= real["others"] if key == "others" else 0.0
        met = value <= limit if key in AT_MOST else value >= limit
        asked = f"at {'most' if key in AT_MOST else 'least'} {limit:g}" + (f" of {peer}" if peer else "")
        yield _row(f"adult: {id}: {key}", f"{value:.3f}", "") | {"asked": asked, "met": met}


def _value_of(found: Measured, key: str) -> float:
    return found.seconds if key == "time" else found.figures.mean(key) or 0.0


def _row(what: str, ours: str, against: str) -> dict[str, Any]:
    return {"what": what, "ours": ours, "against": against, "ratio": None, "asked": "", "met": None}
