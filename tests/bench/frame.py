"""The frame around the kernels: import and listing, a run against its bare loop, two workers, memory as input grows."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
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
collect: [{path: rows.csv}]
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
        shares, steady, gains = [], [], []
        for round_ in range(3):
            one = _run(folder, round_, 1)
            bare = _together(folder, 1)
            two = _run(folder, round_, 2)
            bare_two = _together(folder, 2)
            shares.append(bare / one)
            begun, bare_begun = _run(folder, round_, 1, limit=1), _together(folder, 1, limit=1)
            steady.append((bare - bare_begun) / (one - begun))
            gains.append((one / two) / (2 * bare / bare_two))
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
    command = ["-m", "augury", "run", str(folder / "recipe.yaml"), "-o", str(out), "--workers", str(workers)]
    command += ["--limit", str(limit)] if limit else []
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def _together(folder: Path, count: int, limit: int = PHOTOS) -> float:
    """Return the seconds of ``count`` bare loops started together, each over the first ``limit`` photos."""
    started = time.perf_counter()
    command = [sys.executable, "-c", f"from tests.bench.frame import bare; bare({str(folder / 'photos')!r}, {limit})"]
    loops = [subprocess.Popen(command) for _ in range(count)]
    if any(loop.wait() for loop in loops):
        raise RuntimeError("a bare loop failed")
    return time.perf_counter() - started


def bare(folder: str, limit: int) -> None:
    """Decode, warp, look up and encode every photo as a hand-written loop would: plain OpenCV, one thread."""
    import cv2
    import numpy as np

    cv2.setNumThreads(0)
    rng = np.random.default_rng(0)
    for path in sorted(Path(folder).iterdir())[:limit]:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
        for _ in range(COPIES):
            matrix = cv2.getRotationMatrix2D((320, 213), rng.uniform(-20, 20), rng.uniform(0.8, 1.2))
            moved = cv2.warpAffine(image, matrix, (640, 427), flags=cv2.INTER_LINEAR)
            gain, shift = rng.uniform(0.8, 1.2), rng.uniform(-0.2, 0.2)
            table = np.clip((np.arange(256) / 255 - 0.5) * gain + 0.5 + shift, 0, 1) * 255
            moved = cv2.LUT(moved, table.astype(np.uint8))
            cv2.imencode(".jpg", cv2.cvtColor(moved, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])


def memory() -> Iterator[dict[str, Any]]:
    """Yield peak memory and rate of a run over text and table rows as the input grows tenfold."""
    peaks: dict[int, float] = {}
    for rows in (10_000, 100_000):
        with TemporaryDirectory() as name:
            folder = Path(name)
            _write_rows(folder / "rows.csv", rows)
            (folder / "recipe.yaml").write_text(ROWS_RECIPE)
            seconds, peak = _measured(folder)
            peaks[rows] = peak
            grown = (peak - peaks[10_000]) * 2**20 / max(rows - 10_000, 1)
            yield {
                "what": f"{rows:,} text and table rows, one copy each",
                "ours": f"{2 * rows / seconds:,.0f} rows/s, peak {peak:.0f} MB",
                "against": "the run of 10,000 rows" if rows > 10_000 else "",
                "ratio": peak / peaks[10_000],
                "asked": "under 1 GB, 64 bytes a record more",
                "met": peak < 1024 and grown <= 64,
            }


def _measured(folder: Path) -> tuple[float, float]:
    """Run a folder's recipe from a child that reports its children's peak memory, so that earlier peaks do not count."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seconds = _run(folder, 0, 1)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        os.write(writing, f"{seconds} {peak}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        seconds, peak = map(float, pipe.read().split())
    return seconds, peak


def _write_rows(path: Path, rows: int) -> None:
    words = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "rain", "falls"]
    with path.open("w") as file:
        file.write("key,text,x,y,c\n")
        for i in range(rows):
            text = " ".join(words[(i * 7 + k * 3) % len(words)] for k in range(12))
            file.write(f"{i},{text},{i * 0.37:.3f},{(i * i) % 997},{'abcde'[i % 5]}\n")
