"""Builds the demo's corpus from real data that installed packages carry; nothing is downloaded.

    photos/    photographs of scikit-image, captioned by its own documentation, with boxes, points and a depth mask
    calls/     one telephone conversation of the pyannote-audio wheel, cut where its transcript says
    wine.csv, patients.csv     tables of scikit-learn

The packages' files are read where they lie (pyannote-audio is never imported), and none of them is in this repository.
Run it alone to see the corpus: ``python examples/corpus.py FOLDER``.
"""

from __future__ import annotations

import csv
import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image
from skimage import data as pictures
from sklearn import datasets as tables

PHOTOS = (
    *("astronaut", "brick", "camera", "chelsea", "clock", "coffee", "coins", "hubble_deep_field"),
    *("immunohistochemistry", "moon", "page", "retina", "rocket", "stereo_motorcycle"),
)

# The package has no boxes and points for its photographs. These were measured by hand on the full-size pictures
# (x to the right, y down, in pixels); the coins by a watershed of their edges, then checked by eye.
BOXES: Mapping[str, Mapping[str, Sequence[tuple[int, int, int, int]]]] = {
    "astronaut": {"face": [(178, 76, 270, 180)]},
    "chelsea": {"eye": [(135, 84, 207, 148), (294, 109, 344, 164)]},
    "clock": {"clock": [(141, 93, 282, 215)]},
    "coffee": {"cup": [(173, 17, 409, 309)], "spoon": [(317, 66, 425, 326)], "saucer": [(77, 62, 479, 390)]},
    "coins": {
        "coin": [
            *[(305, 16, 365, 72), (132, 28, 179, 74), (192, 30, 240, 73), (255, 34, 297, 72), (22, 35, 67, 74)],
            *[(81, 39, 120, 74), (245, 95, 296, 144), (25, 104, 67, 145), (186, 105, 226, 144), (317, 106, 356, 145)],
            *[(84, 108, 122, 145), (134, 110, 173, 145), (315, 156, 380, 218), (189, 170, 237, 217)],
            *[(251, 172, 297, 217), (80, 175, 124, 217), (26, 179, 63, 217), (135, 179, 174, 217), (18, 233, 75, 288)],
            *[(144, 236, 201, 288), (276, 239, 326, 289), (220, 240, 269, 288), (93, 245, 136, 287)],
            *[(336, 248, 382, 289)],
        ]
    },
    "rocket": {"rocket": [(309, 127, 336, 407)]},
    "stereo_motorcycle": {"motorcycle": [(92, 20, 685, 453)]},
}
# Left and right are the subject's own.
POINTS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "astronaut": {"left_eye": (246, 104), "right_eye": (204, 101), "nose": (224, 129)},
    "chelsea": {"left_eye": (317, 134), "right_eye": (170, 111), "nose": (263, 242)},
}

LONGEST_SIDE = 800
SENTENCE_END = re.compile(r"(?<!\b[A-Z])\. +(?=[A-Z])")


def build(folder: Path) -> Path:
    """Write the corpus below ``folder`` (nothing that lies there already is kept apart from it) and return it."""
    write_photos(folder / "photos")
    write_calls(folder / "calls")
    write_wine(folder / "wine.csv")
    write_patients(folder / "patients.csv")
    return folder


# -- photographs -------------------------------------------------------------------------------------------------------


def write_photos(folder: Path) -> None:
    """Write each photograph, and a line of metadata with its caption, its licence and what is known to be in it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in PHOTOS:
        row: dict[str, Any] = {"file_name": f"{name}.jpg"}
        document = inspect.getdoc(getattr(pictures, name)) or ""
        picture = getattr(pictures, name)()
        if name == "stereo_motorcycle":
            picture, _, disparity = picture
            row["near_file_name"] = f"{name}-near.png"
            Image.fromarray(near(disparity)).save(folder / row["near_file_name"])
        else:
            row["caption"] = caption(name, document)
        if name in BOXES:
            row["boxes"] = [{"box": box, "label": label} for label, found in BOXES[name].items() for box in found]
        if name in POINTS:
            row["points"] = [{"point": point, "label": label} for label, point in POINTS[name].items()]
        row["licence"] = licence(document)
        save_photo(picture, folder / row["file_name"])
        rows.append(row)
    write_lines(folder / "metadata.jsonl", rows)


def save_photo(picture: np.ndarray, path: Path) -> None:
    """Save a photograph, those that are very large at half their size."""
    image = Image.fromarray(picture)
    if max(image.size) > LONGEST_SIDE:
        image = image.reduce(2)
    image.save(path, quality=95)


def caption(name: str, document: str) -> str:
    """Return the first sentence or two of a picture's documentation."""
    if name == "retina":  # Its documentation says "Human retina."; the file that it links is named more fully.
        found = re.search(r"File:(\w+)\.jpg", document)
        return found.group(1).replace("_", " ") + "." if found else "Human retina."
    summary, _, rest = document.partition("\n\n")
    words = " ".join(rest.split("\n\n")[0].split())
    second = "" if words.startswith(("Returns", "Notes")) else SENTENCE_END.split(words)[0]
    return f"{' '.join(summary.split())} {second.rstrip('.') + '.' if second else ''}".strip()


def licence(document: str) -> str:
    """Return what a picture's documentation says about its licence."""
    for paragraph in document.split("\n\n"):
        text = re.sub(r"`([^`<]*?)\s*<[^>]*>`_*|\w+\s+-{3,}", r"\1", paragraph)
        for said in SENTENCE_END.split(" ".join(text.split())):
            if re.search("CC0|public domain|No known copyright", said):
                return said.rstrip(".")
    return "see scikit-image"


def near(disparity: np.ndarray, metres: float = 2.8) -> np.ndarray:
    """Return 1 where the measured depth of the motorcycle's stereo pair is less than ``metres``, else 0.

    Depth is focal length x baseline / (disparity + offset), in the numbers that the pair's documentation gives.
    """
    with np.errstate(invalid="ignore"):
        depth = 994.978 * 0.193001 / (disparity + 31.086)
    return (np.isfinite(disparity) & (depth < metres)).astype(np.uint8)


# -- a conversation ----------------------------------------------------------------------------------------------------


def write_calls(folder: Path) -> None:
    """Cut the recording into its utterances: each a clip with who speaks when, and the words."""
    folder.mkdir(parents=True, exist_ok=True)
    sound, rate = soundfile.read(sample("sample.wav"), dtype="int16")
    turns = [line.split() for line in sample("sample.rttm").read_text().splitlines()]
    speakers = [(float(t[3]), float(t[3]) + float(t[4]), t[7]) for t in turns]
    rows = []
    for number, line in enumerate(sample("sample.stm").read_text().splitlines(), 1):
        _, _, name, begin, end, words = line.split(maxsplit=5)
        first, last = round(float(begin) * rate), round(float(end) * rate)
        file = f"{number:02d}-{name.lower()}.wav"
        soundfile.write(folder / file, sound[first:last], rate)
        heard = [(max(a, first / rate), min(b, last / rate), who) for a, b, who in speakers]
        spoken = [
            {"start": round(a - first / rate, 4), "end": round(b - first / rate, 4), "label": who}
            for a, b, who in heard
            if b - a > 0.01
        ]
        rows.append({"file_name": file, "speakers": spoken, "said": words})
    write_lines(folder / "metadata.jsonl", rows)


def sample(name: str) -> Path:
    """Return where the pyannote-audio wheel put a file of its sample recording."""
    found = [f for f in files("pyannote-audio") or () if f.as_posix() == f"pyannote/audio/sample/{name}"]
    if not found:
        raise FileNotFoundError(f"pyannote-audio holds no {name}: install tests/requirements/corpus.txt")
    return Path(str(found[0].locate()))


# -- tables ------------------------------------------------------------------------------------------------------------


def write_wine(path: Path) -> None:
    """Write 178 wines: thirteen measurements and the cultivar."""
    wine = tables.load_wine()
    names = [*wine.feature_names, "cultivar"]
    cultivars = [str(wine.target_names[i]) for i in wine.target]
    write_table(path, "wine", names, ([*row, c] for row, c in zip(wine.data.tolist(), cultivars, strict=True)))


def write_patients(path: Path) -> None:
    """Write 442 diabetes patients: age, sex, measurements, and how far the illness went in a year."""
    study = tables.load_diabetes(scaled=False)
    names = [*study.feature_names, "progression"]
    rows = zip(study.data.tolist(), study.target.tolist(), strict=True)
    write_table(path, "patient", names, ([*row, target] for row, target in rows))


def write_table(path: Path, what: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file whose first column names each row."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["key", *names])
        for number, row in enumerate(rows, 1):
            cells = [int(v) if isinstance(v, float) and v.is_integer() else v for v in row]
            writer.writerow([f"{what}-{number:03d}", *cells])


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "corpus")))
