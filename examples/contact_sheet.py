"""Draws one picture of a finished dataset: a few records of each collection, the original left, its copies beside it.

Written for the demo's fields (photo, caption, boxes, points, near; clip, speakers, said; table columns), but it reads
nothing but the dataset's parquet files. Run it alone:  ``python examples/contact_sheet.py DATASET PICTURE.png``.
"""

from __future__ import annotations

import difflib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import soundfile
from PIL import Image, ImageDraw, ImageFont

Row = Mapping[str, Any]

PHOTOS = ("coins.jpg", "astronaut.jpg", "retina.jpg", "stereo_motorcycle.jpg", "coffee.jpg")
CALLS = ("09-diane.wav", "05-sheila.wav")
WINES = ("wine-002", "wine-077", "wine-178")
PATIENTS = ("patient-001", "patient-002")

CELL = 340
GAP = 14
MOST_COPIES = 3
INK, FAINT, CHANGED = (32, 33, 36), (120, 124, 130), (196, 40, 28)
BOX, LEFT, RIGHT, OTHER, MASK = (255, 214, 0), (0, 190, 255), (255, 70, 200), (90, 230, 90), (0, 170, 255)
SPEAKERS = ((38, 104, 200), (222, 120, 20), (60, 150, 70))
FONT, SMALL, TITLE = (ImageFont.load_default(size) for size in (14, 12, 20))


def draw(dataset: Path, out: Path) -> Path:
    """Write the picture of a dataset and return its path."""
    strips = [
        *section("photographs: boxes, points and masks follow; words of the caption change", dataset, "photos", PHOTOS),
        *section("calls: speakers' intervals follow the speed", dataset, "calls", CALLS),
        *section("wines: towards a neighbour of the same cultivar", dataset, "wine", WINES),
        *section("patients: jitter and swap", dataset, "patients", PATIENTS),
    ]
    width = max(strip.width for strip in strips) + 2 * GAP
    sheet = Image.new("RGB", (width, sum(s.height + GAP for s in strips) + GAP), "white")
    top = GAP
    for strip in strips:
        sheet.paste(strip, (GAP, top))
        top += strip.height + GAP
    sheet.save(out, optimize=True)
    return out


def section(title: str, dataset: Path, collection: str, wanted: Sequence[str]) -> Iterator[Image.Image]:
    """Yield a heading, then a strip for each record, the wanted ones first: the original and its copies."""
    families = read_families(dataset, collection)
    keys = dict.fromkeys([f"{collection}/{key}" for key in wanted] + sorted(families))
    chosen = [families[key] for key in keys if len(families.get(key, ())) > 1][: len(wanted)]
    if not chosen:
        return
    heading = Image.new("RGB", ((CELL + GAP) * (1 + MOST_COPIES), 26), "white")
    ImageDraw.Draw(heading).text((0, 0), title, INK, TITLE)
    yield heading
    for rows in chosen:
        cells = [cell(row, rows[0]) for row in rows[: 1 + MOST_COPIES]]
        strip = Image.new("RGB", (len(cells) * (CELL + GAP) - GAP, max(c.height for c in cells)), "white")
        for number, picture in enumerate(cells):
            strip.paste(picture, (number * (CELL + GAP), 0))
        yield strip


def read_families(dataset: Path, collection: str) -> dict[str, list[Row]]:
    """Return each original of the training side with its copies after it, by the original's id."""
    families: dict[str, list[Row]] = {}
    for path in sorted((dataset / "data" / collection).glob("train-*.parquet")):
        for row in pq.read_table(path).to_pylist():
            families.setdefault(row["augury_parents"][0] if row["augury_parents"] else row["augury_id"], []).append(row)
    return {key: sorted(rows, key=lambda r: -1 if r["augury_copy"] is None else r["augury_copy"])
            for key, rows in families.items()}  # fmt: skip


def cell(row: Row, original: Row) -> Image.Image:
    """Return the picture of one row: its name, what it shows, and its text with the changed words marked."""
    name = Image.new("RGB", (CELL, 18), "white")
    ImageDraw.Draw(name).text((0, 0), row["augury_id"].partition("/")[2], FAINT, SMALL)
    parts = [name]
    if row.get("photo"):
        parts.append(photo(row))
    if row.get("clip"):
        longest = seconds(original) * 1.25
        parts += [spectrogram(row, longest), intervals(row, longest)]
    parts += [words(row[f], original[f]) for f in ("caption", "said") if row.get(f)]
    if not row.get("photo") and not row.get("clip"):
        parts.append(numbers(row, original))
    whole = Image.new("RGB", (CELL, sum(p.height + 3 for p in parts)), "white")
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height + 3
    return whole


def photo(row: Row) -> Image.Image:
    """Return the photograph in the cell's width, its targets drawn on it."""
    image = Image.open(io.BytesIO(row["photo"]["bytes"])).convert("RGB")
    scale = CELL / image.width
    image = image.resize((CELL, round(image.height * scale)), Image.Resampling.LANCZOS)
    if row.get("near"):
        mask = Image.open(io.BytesIO(row["near"]["bytes"])).convert("L").resize(image.size, Image.Resampling.NEAREST)
        image.paste(
            Image.blend(image, Image.new("RGB", image.size, MASK), 0.35), mask=mask.point(lambda v: 255 * (v > 0))
        )
    pen = ImageDraw.Draw(image)
    for entry in row.get("boxes") or ():
        pen.rectangle([v * scale for v in entry["box"]], outline=BOX, width=2)
    for entry in row.get("points") or ():
        if entry["visibility"]:
            x, y = (v * scale for v in entry["point"])
            label = entry["label"] or ""
            color = LEFT if label.startswith("left") else RIGHT if label.startswith("right") else OTHER
            pen.ellipse([x - 5, y - 5, x + 5, y + 5], fill=color, outline="white")
    return image


def seconds(row: Row) -> float:
    """Return how long a row's clip lasts."""
    return float(soundfile.info(io.BytesIO(row["clip"]["bytes"])).duration)


def spectrogram(row: Row, longest: float, height: int = 96, window: int = 512) -> Image.Image:
    """Return the clip's spectrogram, dark is loud, on a time axis of ``longest`` seconds."""
    samples, rate = soundfile.read(io.BytesIO(row["clip"]["bytes"]), dtype="float32", always_2d=True)
    sound = np.pad(samples.mean(axis=1), (0, window))
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[:: window // 4] * np.hanning(window)
    level = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)).T[: window // 4] + 1e-4)
    grey = 255 - np.clip((level + 35) / 65, 0, 1) * 255
    strip = Image.fromarray(grey[::-1].astype(np.uint8))
    width = max(1, min(CELL, round(CELL * len(samples) / rate / longest)))
    out = Image.new("RGB", (CELL, height), "white")
    out.paste(strip.resize((width, height), Image.Resampling.BILINEAR), (0, 0))
    return out


def intervals(row: Row, longest: float) -> Image.Image:
    """Return who speaks when, as bars on the spectrogram's time axis."""
    found = row.get("speakers") or []
    names = sorted({entry["label"] for entry in found})
    out = Image.new("RGB", (CELL, 11 * max(1, len(names))), "white")
    pen = ImageDraw.Draw(out)
    for entry in found:
        number = names.index(entry["label"])
        begin, end = (min(CELL, entry[side] * CELL / longest) for side in ("start", "end"))
        pen.rectangle([begin, number * 11, end, number * 11 + 8], fill=SPEAKERS[number % len(SPEAKERS)])
    return out


def words(text: str, original: str) -> Image.Image:
    """Return a text, wrapped, the words that the original lacks marked."""
    before, after = original.split(), text.split()
    kept = {
        place
        for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        for place in range(block.b, block.b + block.size)
    }
    return wrapped([(word, INK if place in kept else CHANGED) for place, word in enumerate(after)])


def numbers(row: Row, original: Row) -> Image.Image:
    """Return a table row's columns, those that differ from the original marked."""
    pairs = [(name, value) for name, value in row.items() if not name.startswith("augury_") and name != "key"]
    shown = ((f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}", v != original[k]) for k, v in pairs)
    return wrapped([(text + " ", CHANGED if differs else INK) for text, differs in shown])


def wrapped(pieces: Sequence[tuple[str, tuple[int, int, int]]]) -> Image.Image:
    """Return coloured pieces of text set in lines of the cell's width."""
    left, top, placed = 0.0, 0, []
    for text, color in pieces:
        length = FONT.getlength(text + " ")
        if left and left + length > CELL:
            left, top = 0.0, top + 18
        placed.append((left, top, text, color))
        left += length
    out = Image.new("RGB", (CELL, top + 20), "white")
    pen = ImageDraw.Draw(out)
    for left, top, text, color in placed:
        pen.text((left, top), text, color, FONT)
    return out


if __name__ == "__main__":
    print(draw(Path(sys.argv[1]), Path(sys.argv[2])))
