"""COCO in, COCO out: five lines of recipe, three copies of every picture, labels right.

python examples/coco_roundtrip.py FOLDER OUT

FOLDER holds pictures and a metadata.jsonl with their boxes (as examples/corpus.py writes it); it is first written as a
COCO dataset, OUT/coco. With a COCO dataset of your own only the recipe is needed.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image

import augury

RECIPE = """\
recipe: 1
collect: [{path: coco, format: coco}]
split: {train: 0.8, val: 0.2}
augment: {copies: 3, steps: [image.flip, {image.rotate: {angle_deg_range: [-15, 15]}}, image.color_jitter]}
write: {format: coco}
"""


def write_coco(folder: Path, out: Path) -> dict[str, int]:
    """Write a folder with boxes as a COCO dataset; return its categories."""
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    names = sorted({box["label"] for row in rows for box in row.get("boxes") or ()})
    categories = {name: 10 * number for number, name in enumerate(names, 1)}
    (out / "images").mkdir(parents=True)
    images: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        shutil.copy(folder / row["file_name"], out / "images")
        width, height = Image.open(folder / row["file_name"]).size
        name = Path(row["file_name"]).name
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for box in row.get("boxes") or ():
            x0, y0, x1, y1 = box["box"]
            note = {"id": len(notes) + 1, "image_id": number, "category_id": categories[box["label"]], "iscrowd": 0}
            notes.append(note | {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)})
    document = {"images": images, "annotations": notes}
    document |= {"categories": [{"id": i, "name": n} for n, i in categories.items()]}
    (out / "instances.json").write_text(json.dumps(document), encoding="utf-8")
    return categories


def main(folder: Path, out: Path) -> None:
    """Write the dataset, run the recipe, and count what came out."""
    write_coco(folder, out / "coco")
    recipe = out / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    augury.load(recipe).run(out / "augmented")
    for path in sorted((out / "augmented" / "data" / "coco").glob("*/instances.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        print(f"{path.parent.name}: {len(found['images'])} images, {len(found['annotations'])} objects")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
