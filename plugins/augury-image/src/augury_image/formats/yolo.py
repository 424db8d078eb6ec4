"""YOLO: a text file of labels for each image, names in ``data.yaml``; boxes, outlines, turned boxes, keypoints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import yaml

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats import Fields, RawRecord, Writer
from augury_image.formats.annotated import (
    IMAGE,
    IMAGE_FIELD,
    INSTANCES,
    SIDE,
    SIDE_FIELD,
    AnnotatedFormat,
    AnnotatedWriter,
    Tree,
    side_of,
)
from augury_image.kinds.instances import Instance, Instances
from augury_image.kinds.oriented import best_rectangle

Task = Literal["detect", "segment", "obb", "pose"]
OUTLINES: Mapping[str, str] = {"detect": "box", "segment": "polygon", "obb": "oriented", "pose": "box"}
_PEEKED = 200
"""Label files that the task is judged by, where nothing states it."""


class Yolo(AnnotatedFormat):
    """YOLO labels: ``labels/X.txt`` beside ``images/X.jpg``, and a YAML file with the names of the classes.

    Columns: ``image``, ``instances``, ``side`` where the YAML file or the folders name one. An image without a label
    file has no objects; a label file without an image is reported. Numbers are shares of the image's sides, so each
    image's header is read. Written: ``images/SIDE``, ``labels/SIDE`` and ``data.yaml``, one beside all shards too;
    numbers to six digits.

    Args:
        task: What a line holds: ``detect`` class and box, ``segment`` class and outline, ``obb`` class and four
            corners, ``pose`` class, box and keypoints; ``auto`` tells by the YAML file and the lines, when reading,
            and by the objects, when writing.
        names: The classes' names, in order; empty takes those of the YAML file.
        labels: The folder of label files; empty stands for ``images`` in the images' paths turned into ``labels``.
        config: The YAML file below the folder; empty takes ``data.yaml``, or the only one there.
    """

    task: Literal["auto", "detect", "segment", "obb", "pose"] = "auto"
    names: tuple[str, ...] = ()
    labels: str = ""
    config: str = ""

    def files(self, source: str) -> list[str]:
        """Return the label files and the YAML file."""
        layout = _Layout(self, source)
        found = [label for _, label, _ in layout.pairs() if layout.tree.isfile(label)]
        return [layout.tree.location(name) for name in sorted({*found, *([layout.config] if layout.config else [])})]

    def columns(self, source: str) -> list[str]:
        """Return the columns."""
        return [*self.stated(source)]

    def stated(self, source: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the columns with the classes as categories."""
        layout = _Layout(self, source)
        flips = layout.flips
        options = {
            "categories": [[i, name, ""] for i, name in layout.names.items()],
            "points": [f"point_{i}" for i in range(layout.points)],
            "swap": [[i, j] for i, j in enumerate(flips) if i < j and flips[j] == i],
            "outline": OUTLINES[layout.task],
        }
        out = {IMAGE: IMAGE_FIELD, INSTANCES: {"kind": "instances", "of": IMAGE, **options}}
        return out | ({SIDE: SIDE_FIELD} if any(side for _, _, side in layout.pairs()) else {})

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record an image; the key is the image's path below the folder."""
        layout = _Layout(self, source)
        used = set()
        for image, label, side in layout.pairs():
            used.add(label)
            values: dict[str, Any] = {SIDE: side}
            try:
                values[IMAGE] = layout.tree.payload(image, image)
                values[INSTANCES] = layout.objects(image, label)
            except DataError as error:
                yield RawRecord(image, {IMAGE: image}, label, str(error))
                continue
            yield RawRecord(image, {n: v for n, v in values.items() if n in fields and v is not None}, image)
        for label in layout.label_files():
            if label not in used:
                fix = "add the image, or remove the labels"
                problem = describe("", "an image of the same name", shown("none"), fix=fix)
                yield RawRecord(label, {"labels": label}, label, problem)

    def check_fields(self, fields: Fields) -> None:
        """Refuse fields without an image, and objects without names in order.

        Raises:
            RecipeError: as said.
        """
        super().check_fields(fields)
        objects = [
            spec for spec in fields.values() if spec.kind_id in ("instances", "boxes", "polygons", "oriented_boxes")
        ]
        if objects and not self.names and not getattr(objects[0].kind, "categories", ()):
            where, fix = "write.names", "give names: with the classes in order"
            raise RecipeError(describe(where, "the names of the classes", shown("none"), fix=fix))

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of a folder ``stem``."""
        return YoloWriter(stem, schema, fields, self)

    def gather(self, folder: Path, shards: Mapping[str, Sequence[Path]]) -> None:
        """Write ``data.yaml`` for all shards, the rest of it as in each of them."""
        files = [path for paths in shards.values() for path in paths]
        data = yaml.safe_load((files[0].parent / "data.yaml").read_text(encoding="utf-8"))
        places = {side: [f"{p.parent.name}/images/{side}" for p in paths] for side, paths in shards.items()}
        rest = {key: value for key, value in data.items() if key not in ("path", "train", "val", "test")}
        # A side without rows has no folder of images.
        there = {side: [p for p in found if (folder / p).is_dir()] for side, found in places.items()}
        text = yaml.safe_dump(
            _sides({side: found for side, found in there.items() if found}) | rest, sort_keys=False, allow_unicode=True
        )
        (folder / "data.yaml").write_text(text, encoding="utf-8")


class _Layout:
    """Where a YOLO dataset has what."""

    def __init__(self, form: Yolo, source: str) -> None:
        self.form = form
        alone = source.lower().endswith((".yaml", ".yml"))
        self.tree = Tree(source.rsplit("/", 1)[0] if alone else source, "a folder with YOLO labels")
        found = [*self.tree.glob("*.yaml"), *self.tree.glob("*.yml")]
        found = ["data.yaml"] if "data.yaml" in found else found
        self.config = source.rsplit("/", 1)[1] if alone else form.config or (found[0] if len(found) == 1 else "")
        self.data = self._load(self.config) if self.config else {}
        self.names = dict(enumerate(form.names)) or _names(self.data, self.config)
        shape = self.data.get("kpt_shape")
        pair = isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, int) and n > 0 for n in shape)
        self.points: int = shape[0] if pair and shape else 0
        self.numbers: int = shape[1] if pair and shape else 0
        flips = self.data.get("flip_idx") or []
        self.flips = [i for i in flips if isinstance(i, int)] if len(flips) == self.points else []
        self._pairs = list(self._find())
        self.task: Task = form.task if form.task != "auto" else self._judge()

    def _load(self, name: str) -> dict[str, Any]:
        data = self.tree.read(name)
        try:
            if len(data) > 1 << 20 or (b"*" in data and b"&" in data):
                raise ValueError("larger than 1 MB, or with aliases")
            loaded = yaml.safe_load(data)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            got = shown(str(error).splitlines()[0])
            raise DataError(describe(name, "a YAML file with names", got, fix="correct it")) from error
        return loaded if isinstance(loaded, dict) else {}

    def pairs(self) -> list[tuple[str, str, str | None]]:
        """Return image, label file and side of every image."""
        return self._pairs

    def _find(self) -> Iterator[tuple[str, str, str | None]]:
        stated = [(key, value) for key in ("train", "val", "test") for value in _listed(self.data.get(key))]
        base = str(self.data.get("path") or "").strip("/.")
        seen = set()
        for side, place in stated:
            for image in self._images(base, place):
                if image not in seen:
                    seen.add(image)
                    yield image, self._label_of(image), side
        if not seen:
            for image in sorted(self.tree.images("").values()):
                folders = image.rsplit("/", 1)[0] if "/" in image else ""
                yield image, self._label_of(image), side_of(*reversed(folders.split("/")))

    def _images(self, base: str, place: str) -> list[str]:
        """Return the images of one entry of the YAML file: a folder, or a list of files."""
        for folder in dict.fromkeys((f"{base}/{place}", place)):
            name = "/".join(part for part in folder.split("/") if part not in ("", "."))
            if ".." in name.split("/"):
                continue
            if name.endswith(".txt") and self.tree.isfile(name):
                lines = self.tree.read(name).decode("utf-8", "replace").splitlines()
                return [
                    "/".join(p for p in line.strip().split("/") if p not in ("", ".")) for line in lines if line.strip()
                ]
            found = self.tree.images(name)
            if found:
                return sorted(found.values())
        return []

    def _label_of(self, image: str) -> str:
        stem = image.rsplit(".", 1)[0]
        parts = stem.split("/")
        places = [i for i, part in enumerate(parts[:-1]) if part == "images"]
        if self.form.labels:
            rest = parts[places[-1] + 1 :] if places else parts[-1:]
            return "/".join([self.form.labels.strip("/"), *rest]) + ".txt"
        if places:
            parts[places[-1]] = "labels"
        return "/".join(parts) + ".txt"

    def label_files(self) -> list[str]:
        """Return all label files beside those of the images."""
        folders = {label.rpartition("/")[0] for _, label, _ in self._pairs}
        return [name for folder in sorted(folders) if folder for name in self.tree.glob(f"{folder}/*.txt")]

    def _judge(self) -> Task:
        """Tell the task by the YAML file and the lines.

        Raises:
            DataError: where lines may be turned boxes or outlines of four corners.
        """
        if self.points:
            return "pose"
        counts = set()
        for _, label, _ in self._pairs[:_PEEKED]:
            if self.tree.isfile(label):
                lines = self.tree.read(label).decode("utf-8", "replace").splitlines()
                counts |= {len(line.split()) for line in lines if line.strip()}
        if counts == {9}:
            fix = "add task: with one of them"
            raise DataError(
                describe(self.tree.source, "task: obb or segment", shown("lines that may be either"), fix=fix)
            )
        return "detect" if counts <= {5} else "segment"

    def objects(self, image: str, label: str) -> list[dict[str, Any]]:
        """Return the objects of one image.

        Raises:
            DataError: naming the line.
        """
        if not self.tree.isfile(label):
            return []
        width, height = self.tree.size(image)
        out = []
        text = self.tree.read(label).decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    out.append(self._object(line.split(), width, height))
                except (ValueError, IndexError) as error:
                    fix = "correct the line"
                    wanted = f"a line of task {self.task}"
                    raise DataError(describe(f"line {number}", wanted, shown(str(error)), fix=fix)) from error
        return out

    def _object(self, words: list[str], width: int, height: int) -> dict[str, Any]:
        which, values = int(words[0]), [float(word) for word in words[1:]]
        if which not in self.names:
            raise ValueError(f"class {which}, which has no name")
        if not all(map(math.isfinite, values)):
            raise ValueError("a number that is not finite")
        out: dict[str, Any] = {"label": self.names[which]}
        if self.task in ("segment", "obb"):
            if len(values) < 6 or len(values) % 2 or (self.task == "obb" and len(values) != 8):
                raise ValueError(f"{len(values)} numbers after the class")
            ring = [v * (height if i % 2 else width) for i, v in enumerate(values)]
            xs, ys = ring[::2], ring[1::2]
            return out | {"box": [min(xs), min(ys), max(xs), max(ys)], "rings": [ring]}
        wanted = 4 + self.points * self.numbers if self.task == "pose" else 4
        if len(values) != wanted:
            raise ValueError(f"{len(values)} numbers after the class, not {wanted}")
        cx, cy, w, h = values[0] * width, values[1] * height, values[2] * width, values[3] * height
        out["box"] = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
        if self.task == "pose":
            rows = [values[i : i + self.numbers] for i in range(4, wanted, self.numbers)]
            seen = [int(row[2]) if len(row) > 2 else (2 if any(row) else 0) for row in rows]
            out["points"] = [[r[0] * width, r[1] * height, v] for r, v in zip(rows, seen, strict=True)]
        return out


def _names(data: Mapping[str, Any], config: str) -> dict[int, str]:
    """Return number to name; what the YAML file numbers need not be without gaps."""
    given = data.get("names")
    numbered = dict(enumerate(given)) if isinstance(given, list) else given
    if not isinstance(numbered, Mapping) or not numbered or not all(type(n) is int and n >= 0 for n in numbered):
        fix = "give names: with the classes in order"
        got = given if given else shown("none")
        raise DataError(describe(config or "the folder", "the names of the classes by number", got, fix=fix))
    if len({str(name) for name in numbered.values()}) < len(numbered):
        fix = "give each class a name of its own"
        raise DataError(describe(config, "names that differ", shown("one of them twice"), fix=fix))
    return {number: str(name) for number, name in numbered.items()}


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


class YoloWriter(AnnotatedWriter):
    """Writes label files and ``data.yaml``."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, form: Yolo) -> None:
        """Make the folder ``stem``."""
        super().__init__(stem, schema, fields)
        stated = {"polygon": "segment", "oriented": "obb", "mask": "segment"}.get(self.kind.outline, "detect")
        self.task = form.task if form.task != "auto" else "pose" if self.kind.points else stated
        named = dict(enumerate(form.names)) or {number: name for number, name, _ in self.kind.categories}
        self._numbers = {name: number for number, name in named.items()}
        (stem / "labels" / self.side).mkdir(parents=True)

    def folder_of(self, field: str) -> str:
        """Return ``images/SIDE`` for the image."""
        own = super().folder_of(field)
        return f"images/{self.side}" if own == "images" else own

    def annotate(self, row: Mapping[str, Any], file: str, width: int, height: int, items: Instances) -> None:
        """Write the image's label file, empty where it has no objects."""
        lines = [line for item in items.items for line in self._lines(item, width, height)]
        path = self.stem / "labels" / self.side / Path(file).with_suffix(".txt").name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def _lines(self, item: Instance, width: int, height: int) -> list[str]:
        """Return the object's line; an outline of several rings is joined to one, as the format has no more."""
        label = "" if item.label is None else str(item.label)
        if label not in self._numbers:
            fix = "add it to names:"
            raise DataError(describe("write", "a label of the names", label, name=label, known=self._numbers, fix=fix))
        rings = item.rings or (_mask_rings(item) if item.mask is not None else ())
        x0, y0, x1, y1 = item.box
        if self.task == "obb":
            values = _rectangle(rings[0]) if rings else [x0, y0, x1, y0, x1, y1, x0, y1]
        elif self.task == "segment":
            values = join_rings(rings) if rings else [x0, y0, x1, y0, x1, y1, x0, y1]
        else:
            values = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
        words = [f"{min(1.0, max(0.0, v / (height if i % 2 else width))):.6g}" for i, v in enumerate(values)]
        if self.task == "pose":
            points = item.points or ((0.0, 0.0, 0),) * len(self.kind.points)
            words += [w for x, y, seen in points for w in (f"{x / width:.6g}", f"{y / height:.6g}", str(seen))]
        return [" ".join([str(self._numbers[label]), *words])]

    def finish(self) -> None:
        """Write ``data.yaml`` for the shard."""
        data: dict[str, Any] = _sides({self.side: [f"images/{self.side}"]})
        data["names"] = {number: name for name, number in self._numbers.items()}
        if self.task == "pose":
            swaps = {i: j for a, b in self.kind.swap for i, j in ((a, b), (b, a))}
            count = len(self.kind.points)
            data |= {"kpt_shape": [count, 3], "flip_idx": [swaps.get(i, i) for i in range(count)]}
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        (self.stem / "data.yaml").write_text(text, encoding="utf-8")


def _sides(sides: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the sides' folders; trainers want both a training and a validation side, even where there is one."""
    data: dict[str, Any] = {"path": ".", **sides}
    for needed in ("train", "val"):
        data.setdefault(needed, next(iter(sides.values()), []))
    return data


def _mask_rings(item: Instance) -> tuple[tuple[float, ...], ...]:
    """Return the outlines of a mask; holes are filled, as the format has none."""
    import cv2
    import numpy as np

    assert item.mask is not None
    inside = item.mask.decode().astype(np.uint8)
    # Twice the size, so that outlines run along the pixels' edges and not through their centres.
    found, _ = cv2.findContours(np.kron(inside, np.ones((2, 2), np.uint8)), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rings = [((ring.reshape(-1, 2) + 0.5) / 2).ravel().tolist() for ring in found if len(ring) >= 3]
    return tuple(tuple(ring) for ring in rings)


def _rectangle(ring: tuple[float, ...]) -> list[float]:
    """Return the four corners of the smallest rectangle; those of a rectangle as they are."""
    from augury_image.kinds.oriented import quad_of

    points = tuple(zip(ring[::2], ring[1::2], strict=True))
    if len(points) == 4:
        return list(ring)
    return [v for point in quad_of(*best_rectangle(points, points[:4])) for v in point]


def join_rings(rings: tuple[tuple[float, ...], ...]) -> list[float]:
    """Return one ring of several: each is walked from the nearest point of those before, there and back."""
    out = list(zip(rings[0][::2], rings[0][1::2], strict=True))
    for ring in rings[1:]:
        points = list(zip(ring[::2], ring[1::2], strict=True))
        pairs = ((math.dist(a, b), i, j) for i, a in enumerate(out) for j, b in enumerate(points))
        _, i, j = min(pairs)
        out[i + 1 : i + 1] = [*points[j:], *points[: j + 1], out[i]]
    return [v for point in out for v in point]
