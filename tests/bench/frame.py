"""The frame around the kernels: import and listing, a run against its bare loop, two workers, memory as input grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

PHOTOS = 1200
COPIES = 3

RECIPE = """
recipe: 1
seed: 1
collect: [{path: photos, format: folder, as: {image: photo}}]
fields: {photo: {kind: image, encoding: jpeg, quality: 90}}
split: {train: 1.0}
augment:
  copies: %d
  originals: false
  steps:
    - image.affine: {angle_deg_range: [-20, 20], scale_range: [0.8, 1.2]}
    - image.flip: {p: 0.5}
    - image.brightness_contrast
write: {format: parquet}
"""

ROWS_RECIPE = """
recipe: 1
seed: 1
collect: [{path: rows.csv}, {path: texts.jsonl}]
fields: {key: {kind: id, role: key}, text: text, x: number, y: number, c: category}
split: {train: 0.8, val: 0.1, test: 0.1}
augment: {copies: 1, steps: [text.swap, {table.jitter: {field: [x, y], relative_to: value}}]}
write: {format: parquet}
"""


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a figure: what, ours, theirs, ratio, asked."""
    yield from starts()
    yield from runs()
    yield from memory()


def starts() -> Iterator[dict[str, Any]]:
    """Yield the time of imports and listings against a bare interpreter."""
    yield _start("import augury", ["-c", "import augury"], {}, 3)
    yield _start("augury ops list", ["-m", "augury", "ops", "list"], {}, 6)
    with TemporaryDirectory() as folder:
        _many_plugins(Path(folder), 100, 10)
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        yield _start(
            "ops list, 100 plugins and 1,000 ops more", ["-m", "augury", "ops", "list"], {"PYTHONPATH": path}, 12
        )


def _start(what: str, command: list[str], environment: dict[str, str], asked: float) -> dict[str, Any]:
    ours, bare = [], []
    for _ in range(15):
        ours.append(_process(command, environment))
        bare.append(_process(["-c", "pass"], {}))
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    return {
        "what": what,
        "ours": f"{median(ours) * 1e3:.0f} ms",
        "against": f"python -c pass {median(bare) * 1e3:.0f} ms",
        "ratio": ratio,
        "asked": f"at most {asked:g}",
        "met": ratio <= asked,
    }


def _process(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _many_plugins(folder: Path, plugins: int, ops: int) -> None:
    for p in range(plugins):
        name = f"augury_made{p:03d}"
        specs = ", ".join(f'OpSpec("made{p:03d}.op{i}", "{name}.ops:Op{i}", "Made.", on="image")' for i in range(ops))
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
        (folder / name / "hooks.py").write_text(
            f"from augury.plugin import OpSpec, Plugin, hookimpl\n@hookimpl\ndef augury_plugin():\n    return Plugin(ops=[{specs}])\n"
        )
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[augury.v1]\nmade{p:03d} = {name}.hooks\n")


def runs() -> Iterator[dict[str, Any]]:
    """Yield a run's rate against the bare loop of the same decode, kernels and encode; then two workers against one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _photos(folder / "photos")
        (folder / "recipe.yaml").write_text(RECIPE % COPIES)
        _run(folder, 0, 2, limit=2)  # writes the bytecode
        shares, steady, gains, steady_gains = [], [], [], []
        for round_ in range(3):
            one = _run(folder, round_, 1)
            bare = _together(folder, 1)
            two = _run(folder, round_, 2)
            bare_two = _together(folder, 2)
            shares.append(bare / one)
            begun, bare_begun = _run(folder, round_, 1, limit=1), _together(folder, 1, limit=1)
            begun_two, bare_begun_two = _run(folder, round_, 2, limit=1), _together(folder, 2, limit=1)
            steady.append((bare - bare_begun) / (one - begun))
            gains.append((one / two) / (2 * bare / bare_two))
            steady_gain = (one - begun) / (two - begun_two)
            bare_gain = 2 * (bare - bare_begun) / (bare_two - bare_begun_two)
            steady_gains.append(steady_gain / bare_gain)
        made = PHOTOS * COPIES
        yield {
            "what": "augury run, one worker (start-up and shards included)",
            "ours": f"{made / one:.0f} images/s",
            "against": f"bare loop {made / bare:.0f} images/s",
            "ratio": median(shares),
            "asked": "at least 0.8",
            "met": median(shares) >= 0.8,
        }
        yield {
            "what": "the same, the time of a run over one photo taken off",
            "ours": f"{made / (one - begun):.0f} images/s",
            "against": f"bare loop {made / (bare - bare_begun):.0f} images/s",
            "ratio": median(steady),
            "asked": "at least 0.8",
            "met": median(steady) >= 0.8,
        }
        yield {
            "what": "two workers against one",
            "ours": f"{one / two:.2f} x",
            "against": f"two bare loops {2 * bare / bare_two:.2f} x",
            "ratio": median(gains),
            "asked": "at least 0.9",
            "met": median(gains) >= 0.9,
        }
        yield {
            "what": "the same, the times of runs over one photo taken off",
            "ours": f"{steady_gain:.2f} x",
            "against": f"two bare loops {bare_gain:.2f} x",
            "ratio": median(steady_gains),
            "asked": "at least 0.9",
            "met": median(steady_gains) >= 0.9,
        }


def _photos(folder: Path) -> None:
    import cv2
    from sklearn.datasets import load_sample_images

    folder.mkdir()
    images = [image[:427, :640, ::-1] for image in load_sample_images().images]
    for i in range(PHOTOS):
        shifted = images[i % 2].copy()
        shifted[i % 400, :] = i % 256
        cv2.imwrite(str(folder / f"{i:04d}.jpg"), shifted, [cv2.IMWRITE_JPEG_QUALITY, 92])


def _run(folder: Path, round_: int, workers: int, limit: int = 0) -> float:
    out = folder / f"out-{round_}-{workers}-{limit}"
    started = time.perf_counter()
    if _started(folder, out, workers, *(["--limit", str(limit)] if limit else [])).wait():
        raise RuntimeError("a run failed")
    return time.perf_counter() - started


def _started(folder: Path, out: Path, workers: int, *more: str) -> subprocess.Popen[bytes]:
    """Start a run of a folder's recipe."""
    command = ["-m", "augury", "run", str(folder / "recipe.yaml"), "-o", str(out), "--workers", str(workers), *more]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")  # installed distributions come with theirs
    silent = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, *command], env=environment, stdout=silent, stderr=silent)


def _together(folder: Path, count: int, limit: int = PHOTOS) -> float:
    """Return the seconds of ``count`` bare loops started together, each over the first ``limit`` photos."""
    started = time.perf_counter()
    command = [sys.executable, "-c", f"from tests.bench.frame import bare; bare({str(folder / 'photos')!r}, {limit})"]
    loops = [subprocess.Popen(command) for _ in range(count)]
    if any(loop.wait() for loop in loops):
        raise RuntimeError("a bare loop failed")
    return time.perf_counter() - started


def bare(folder: str, limit: int) -> None:
    """Decode, warp, look up and encode every photo as a good hand-written loop would: plain OpenCV, one thread."""
    import cv2
    import numpy as np

    cv2.setNumThreads(0)
    rng = np.random.default_rng(0)
    for path in sorted(Path(folder).iterdir())[:limit]:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
        for _ in range(COPIES):
            matrix = cv2.getRotationMatrix2D((320, 213), rng.uniform(-20, 20), rng.uniform(0.8, 1.2))
            if rng.random() < 0.5:
                matrix[0] = (0, 0, 639) - matrix[0]
            moved = cv2.warpAffine(image, matrix, (640, 427), flags=cv2.INTER_LINEAR)
            gain, shift = rng.uniform(0.8, 1.2), rng.uniform(-0.2, 0.2)
            table = np.clip((np.arange(256) / 255 - 0.5) * gain + 0.5 + shift, 0, 1) * 255
            moved = cv2.LUT(moved, table.astype(np.uint8))
            cv2.imencode(".jpg", cv2.cvtColor(moved, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])


def memory() -> Iterator[dict[str, Any]]:
    """Yield the peak memory of the largest process of a run, and its rate, as the records grow tenfold and again."""
    most = int(os.environ.get("AUGURY_BENCH_RECORDS", "1000000"))
    least, peaks = 10_000, list[float]()
    for records in (size for size in (least, 100_000, 1_000_000) if size <= most):
        with TemporaryDirectory() as name:
            folder = Path(name)
            _write_rows(folder, records)
            (folder / "recipe.yaml").write_text(ROWS_RECIPE)
            _run(folder, 0, 1, limit=100)  # writes the bytecode
            started = time.perf_counter()
            peaks.append(_peak(_started(folder, folder / "out", 1)))
            rate = records / (time.perf_counter() - started)
        row = {
            "what": f"{records:,} records, text and table rows, one copy each",
            "ours": f"{rate:,.0f} records/s, peak {peaks[-1]:.0f} MB",
            "against": "",
            "ratio": peaks[-1] / peaks[0],
            "asked": "under 1024 MB",
            "met": peaks[-1] < 1024,
        }
        if records > least:
            grown = (peaks[-1] - peaks[0]) * 2**20 / (records - least)
            row |= {"against": f"{grown:.0f} bytes a record more than {least:,}", "asked": "at most 64 bytes"}
            row["met"] = row["met"] and grown <= 64
        yield row


def _peak(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory of its own, in MB, that a process or one it started held until the end of the first.

    Pages of mapped files do not count: the system takes them back when it needs them. Linux only.
    """
    peak = 0.0
    while process.poll() is None:
        peak = max([peak, *map(_own_memory, _family(process.pid))])
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError("a run failed")
    return peak


def _family(pid: int) -> Iterator[int]:
    """Yield a process and those it started, directly or not."""
    yield pid
    with suppress(OSError):  # it ended meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _own_memory(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _write_rows(folder: Path, records: int) -> None:
    """Write half of the records as CSV, the other as JSON lines; no two texts are equal."""
    words = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "rain", "falls"]
    with (folder / "rows.csv").open("w") as rows, (folder / "texts.jsonl").open("w") as texts:
        rows.write("key,text,x,y,c\n")
        for i in range(records):
            text = " ".join(words[(i * 7 + k * 3) % len(words)] for k in range(12)) + f" {i}"
            x, y, c = i * 0.37, (i * i) % 997, "abcde"[i % 5]
            if i % 2:
                texts.write(json.dumps({"key": str(i), "text": text, "x": x, "y": y, "c": c}) + "\n")
            else:
                rows.write(f"{i},{text},{x:.3f},{y},{c}\n")
