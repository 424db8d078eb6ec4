"""A folder of pictures with boxes, augmented in Python: no recipe, one picture at a time.

python examples/image_folder.py FOLDER OUT

FOLDER holds pictures and a metadata.jsonl with a line {"file_name": ..., "boxes": [{"box": [...], "label": ...}]} for
each (as examples/corpus.py writes it). OUT gets the same, three copies of every picture.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

import augury

COPIES = 3


def main(folder: Path, out: Path) -> None:
    """Write the copies and their metadata."""
    pipe = augury.pipeline(
        [
            {"image.resized_crop": {"size": (256, 256), "area_frac_range": (0.5, 1.0)}},
            {"image.flip": {"p": 0.5}},
            {"image.rotate": {"angle_deg_range": (-10, 10), "p": 0.5}},
            "image.color_jitter",
        ],
        # A box of which less than a third is left goes, and its label with it.
        fields={"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "min_visibility": 0.33}},
    )
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        photo = Image.open(folder / row["file_name"]).convert("RGB")
        for copy in range(COPIES):
            # The name is part of the key: the same copy comes out whatever else the folder holds.
            made = pipe({"photo": photo, "boxes": row.get("boxes", [])}, seed=7, id=row["file_name"], copy=copy)
            name = f"{Path(row['file_name']).stem}-{copy}.png"
            Image.fromarray(made["photo"]).save(out / name)
            boxes = [
                {"box": box, "label": label}
                for box, label in zip(made["boxes"].xyxy.tolist(), made["boxes"].labels, strict=True)
            ]
            lines.append(json.dumps({"file_name": name, "boxes": boxes, "lineage": made.lineage}) + "\n")
    (out / "metadata.jsonl").write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} pictures in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
