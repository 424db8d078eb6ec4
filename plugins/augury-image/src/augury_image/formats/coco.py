"""COCO: annotation files in JSON (instances, keypoints, captions, panoptic) beside folders of images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, FieldError, describe, shown
from augury.formats import Fields, RawRecord, Writer
from augury.formats.beside import plain
from augury_image.codec import decode_segments
from augury_image.formats.annotated import IMAGE, INSTANCES, SIDE, AnnotatedFormat, AnnotatedWriter, number_of
from augury_image.formats.coco_index import CAPTION, OBJECT, PANOPTIC, Part, index_of
from augury_image.kinds.instances import Instance, Instances
from augury_image.rle import runs_of

IMAGE_ID, ABOUT = "image_id", "about"
_OWN_KEYS = ("id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "num_keypoints", "iscrowd", "area")


class Coco(AnnotatedFormat):
    """COCO annotations. Of a folder all annotation files are read; those of the same images belong together.

    Annotation files are ``*.json`` in the folder or one folder below, called ``instances_X``, ``person_keypoints_X``,
    ``captions_X``, ``panoptic_X`` or anything else; the path may also name one of them. Columns: ``image``,
    ``instances`` (boxes, outlines, masks, keypoints, crowd flags), ``captions`` as ``caption_1`` and so on,
    ``image_id``, ``about`` (the image's other keys and its licence, as JSON), ``side`` where names say one. Panoptic
    segments are instances with masks. Images without annotations are records too; annotations of no image are
    reported. Memory: annotations are sorted on disk, whatever the file's size.

    Written: ``instances.json`` (keypoints too), ``captions.json`` where there are any, ``images/``; of objects that
    are drawn by masks ``panoptic.json`` and ``panoptic/`` instead. Originals keep their numbers; a copy's are made of
    its id. Our own columns are extra keys of each image, which pycocotools leaves alone.

    Args:
        annotations: The annotation files below the folder; empty finds them.
        images: The folder of images below the folder; empty finds it.
    """

    annotations: tuple[str, ...] = ()
    images: str = ""

    def files(self, source: str) -> list[str]:
        """Return the annotation files."""
        return index_of(source, self.annotations, self.images).files

    def columns(self, source: str) -> list[str]:
        """Return the columns, those of captions as many as any image has."""
        return [*self.stated(source)]

    def stated(self, source: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the columns with categories, keypoints' names and what the objects are drawn by."""
        index = index_of(source, self.annotations, self.images)
        out: dict[str, Mapping[str, Any]] = {IMAGE: {"kind": "image"}}
        if index.has_objects:
            names = list(index.points)
            outline = "mask" if index.panoptic else "polygon" if index.outlined else "box"
            pairs = [[i, names.index("right" + n[4:])] for i, n in enumerate(names) if _has_partner(n, names)]
            out[INSTANCES] = {"kind": "instances", "of": IMAGE, "outline": outline} | {
                "categories": [list(c) for c in index.categories.values()],
                "points": names,
                "skeleton": [list(pair) for pair in index.skeleton],
                "swap": pairs,
            }
        for number in range(1, index.captions + 1):
            out[f"caption_{number}"] = {"kind": index.caption_kind, "about": IMAGE}
        out |= {name: {"kind": "id", "role": "meta"} for name in (IMAGE_ID, ABOUT)}
        return out | ({SIDE: {"kind": "category", "role": "meta"}} if index.sided else {})

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record an image, in the files' order; the key is the image's path below the folder."""
        index = index_of(source, self.annotations, self.images)
        for part in index.parts:
            for image, notes in index.images(part):
                yield _record(index.tree, part, image, notes, index.categories, fields)
            for where, problem in index.orphans(part):
                yield RawRecord(None, {"annotation": where}, where, problem)

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of a folder ``stem``."""
        return CocoWriter(stem, schema, fields)


def _has_partner(name: str, names: list[str]) -> bool:
    return name.startswith("left") and "right" + name[4:] in names


def _record(
    tree: Any, part: Part, image: dict[str, Any], found: Mapping[str, list[Any]], categories: Any, fields: Fields
) -> RawRecord:
    name = image.get("file_name")
    where = f"{part.name} image {image.get('id')}"
    try:
        if not isinstance(name, str) or not name:
            raise DataError(describe("", "an image with file_name", shown("none"), fix="add it"))
        key = f"{part.images}/{name}".lstrip("/")
        payload = tree.payload(key, where)
        if not tree.isfile(key):
            raise DataError(describe("", f"the image {key}", shown("none there"), fix="restore it, or give images:"))
        values: dict[str, Any] = {IMAGE: payload, IMAGE_ID: str(image["id"]), SIDE: part.side}
        values[ABOUT] = _about(image, part)
        if OBJECT in found or not part.panoptic:
            merged = _merged(found.get(OBJECT, ()))
            values[INSTANCES] = [_instance(one, image, categories) for one in merged]
        if PANOPTIC in found:
            values[INSTANCES] = _segments(found[PANOPTIC][0], tree, part, categories)
        captions = found.get(CAPTION, ())
        values |= {f"caption_{i}": str(c["caption"]) for i, c in enumerate(captions, 1)}
    except (DataError, KeyError, TypeError, ValueError) as error:
        text = str(error) if isinstance(error, DataError) else describe("", "COCO's form", error, fix="correct it")
        return RawRecord(str(name) if name else None, {"file_name": str(name)}, where, text)
    return RawRecord(key, {n: v for n, v in values.items() if n in fields and v is not None}, where)


def _about(image: Mapping[str, Any], part: Part) -> str | None:
    kept = {k: v for k, v in image.items() if k not in ("id", "file_name", "width", "height") and k[:7] != "augury_"}
    if kept.get("license") in part.licenses:
        kept["license"] = part.licenses[kept["license"]]
    return json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else None


def _merged(annotations: Any) -> list[dict[str, Any]]:
    """Join what several files say of one object, by its number; the first says it where they differ."""
    out: dict[Any, dict[str, Any]] = {}
    for number, one in enumerate(annotations):
        key = one.get("id", f"#{number}")
        out[key] = {**one, **out.get(key, {})}
    return list(out.values())


def _instance(one: Mapping[str, Any], image: Mapping[str, Any], categories: Mapping[int, Any]) -> dict[str, Any]:
    """Return one annotation as the kind takes it."""
    where = f"annotation {one.get('id')}"
    given = one["category_id"]
    if given not in categories:
        fix = "add it to categories"
        raise DataError(describe(where, "a category_id of the categories", given, fix=fix))
    shape = one.get("segmentation") or None
    rings = [ring for ring in shape if len(ring) >= 6] if isinstance(shape, list) else []
    mask = shape if isinstance(shape, Mapping) else None
    box = one.get("bbox")
    if box is None:
        xs, ys = [x for ring in rings for x in ring[::2]], [y for ring in rings for y in ring[1::2]]
        if not xs:
            raise DataError(describe(where, "a bbox or an outline", shown("neither"), fix="add bbox"))
        corners = [min(xs), min(ys), max(xs), max(ys)]
    else:
        x, y, w, h = map(float, box)
        corners = [x, y, x + w, y + h]
    extra = {k: v for k, v in one.items() if k not in _OWN_KEYS}
    return {
        "label": categories[given][1],
        "box": corners,
        "rings": rings,
        "mask": mask,
        "points": one.get("keypoints"),
        "crowd": bool(one.get("iscrowd")),
        "area": one.get("area"),
        "id": one.get("id"),
        "extra": json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else None,
    }


def _segments(one: Mapping[str, Any], tree: Any, part: Part, categories: Mapping[int, Any]) -> list[dict[str, Any]]:
    """Return the segments of a panoptic image as objects with masks."""
    numbers = decode_segments(tree.read(f"{part.segments}/{one['file_name']}".lstrip("/")))
    out = []
    for segment in one["segments_info"]:
        inside = numbers == segment["id"]
        if not inside.any():
            wanted = f"pixels of segment {segment['id']} in {one['file_name']}"
            raise DataError(describe("", wanted, shown("none"), fix="correct segments_info"))
        taken = _instance({k: v for k, v in segment.items() if k != "segmentation"}, {}, categories)
        out.append(taken | {"mask": runs_of(inside)})
    return out


class CocoWriter(AnnotatedWriter):
    """Writes COCO's JSON; images and annotations are kept in files of their own until the shard is closed."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields) -> None:
        """Make the folder ``stem``."""
        super().__init__(stem, schema, fields)
        self._parts = {name: _Lines(stem / f".{name}") for name in ("images", "annotations", "captions", "panoptic")}
        self._categories = {label: number for number, label, _ in self.kind.categories}
        self._licenses: dict[str, Any] = {}
        self._numbers: set[tuple[str, Any]] = set()

    def annotate(self, row: Mapping[str, Any], file: str, width: int, height: int, items: Instances) -> None:
        """Write the image's entry and its annotations'."""
        about = json.loads(row.get(ABOUT) or "{}")
        if isinstance(about.get("license"), Mapping):
            self._licenses[json.dumps(about["license"], sort_keys=True)] = about["license"]
            about["license"] = about["license"].get("id")
        original = row.get("augury_copy") is None
        number = _whole(row.get(IMAGE_ID)) if original else None
        number = self._own_number("image", number, row.get("augury_id"), file)
        known = {*self.fields} - {name for name, spec in self.fields.items() if spec.kind_id == "id"} | {
            IMAGE_ID,
            ABOUT,
        }
        known.add(self.image)
        own = {n: v for n, v in row.items() if n not in known and v is not None}
        name = file.split("/", 1)[1]
        entry = {**about, "id": number, "file_name": name, "width": width, "height": height, **own}
        self._parts["images"].add(entry)
        if self.kind.outline == "mask":
            self._panoptic(number, file, height, width, items)
        else:
            for place, item in enumerate(items.items):
                self._parts["annotations"].add(self._annotation(number, place, original, item))
        for name in (n for n in row if n.startswith("caption_") and row[n] is not None):
            place = 1_000_000 + int(name.rsplit("_", 1)[1])
            caption = {"id": number_of(number, place), "image_id": number, "caption": row[name]}
            self._parts["captions"].add(caption)

    def _annotation(self, image: int | str, place: int, original: bool, item: Instance) -> dict[str, Any]:
        x0, y0, x1, y1 = item.box
        out = json.loads(item.extra) if item.extra else {}
        out |= {
            "id": self._own_number("note", item.id if original else None, image, place),
            "image_id": image,
            "category_id": self._category(item),
            "bbox": [x0, y0, round(x1 - x0, 9), round(y1 - y0, 9)],
            "area": item.measure(),
            "iscrowd": int(item.crowd),
        }
        if item.mask is not None:
            out["segmentation"] = {"size": [item.mask.height, item.mask.width], "counts": list(item.mask.counts)}
        elif item.rings:
            out["segmentation"] = [list(ring) for ring in item.rings]
        if item.points:
            out["keypoints"] = [v for point in item.points for v in point]
            out["num_keypoints"] = sum(seen > 0 for _, _, seen in item.points)
        return out

    def _own_number(self, what: str, given: Any, *parts: Any) -> Any:
        """Return the number as it came; one made of ``parts`` where there is none, or where two sources count alike."""
        number = given if given is not None and (what, given) not in self._numbers else number_of(*parts)
        self._numbers.add((what, number))
        return number

    def _category(self, item: Instance) -> int:
        """Return the category's number; one that no field states is made of its name, the same in every shard."""
        label = "" if item.label is None else str(item.label)
        return self._categories.setdefault(label, number_of("category", label) % 2**31)

    def _panoptic(self, image: int | str, file: str, height: int, width: int, items: Instances) -> None:
        """Paint the segments, later ones on top, and state what is left of each."""
        import cv2
        import numpy as np

        numbers = np.zeros((height, width), np.uint32)
        shown_as: dict[int, Instance] = {}
        for item in items.items:
            if item.mask is None:
                fix = "write objects with masks, or use parquet"
                raise FieldError(describe("panoptic", "an object with a mask", item.label, fix=fix))
            number = item.id if item.id and 0 < item.id < 2**24 and item.id not in shown_as else None
            number = number or next(n for n in range(1, 2**24) if n not in shown_as)
            shown_as[number] = item
            numbers[item.mask.decode()] = number
        segments = []
        for number, item in shown_as.items():
            inside = numbers == number
            if inside.any():
                ys, xs = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
                box = [int(xs[0]), int(ys[0]), int(xs[-1] - xs[0] + 1), int(ys[-1] - ys[0] + 1)]
                area, crowd = int(inside.sum()), int(item.crowd)
                own = {"id": number, "category_id": self._category(item)}
                segments.append(own | {"iscrowd": crowd, "bbox": box, "area": area})
        name = Path(file).with_suffix(".png").name
        (self.stem / "panoptic").mkdir(exist_ok=True)
        # OpenCV's order is blue, green, red; the number is red + 256 green + 65536 blue.
        bgr = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=2).astype(np.uint8)
        _, data = cv2.imencode(".png", bgr)
        (self.stem / "panoptic" / name).write_bytes(data.tobytes())
        self._parts["panoptic"].add({"image_id": image, "file_name": name, "segments_info": segments})

    def finish(self) -> None:
        """Join the parts to a file for each task, as COCO has them."""
        head = {"info": {"description": "Made with Augury"}, "licenses": list(self._licenses.values())}
        tail = {"categories": self._category_entries()}
        if self.kind.outline == "mask":
            self._join("panoptic.json", head, ("images", "panoptic"), tail)
        elif self.instances is not None:
            self._join("instances.json", head, ("images", "annotations"), tail)
        if self.instances is None or any(name.startswith("caption_") for name in self.fields):
            self._join("captions.json", head, ("images", "captions"), {})
        for lines in self._parts.values():
            lines.remove()

    def _category_entries(self) -> list[dict[str, Any]]:
        groups = {label: group for _, label, group in self.kind.categories}
        out: list[dict[str, Any]] = []
        for label, number in self._categories.items():
            entry: dict[str, Any] = {"id": number, "name": label}
            if groups.get(label):
                entry["supercategory"] = groups[label]
            # Keypoints are a matter of the dataset here; COCO states them with the category that has them.
            if self.kind.points and (label == "person" or "person" not in self._categories):
                entry |= {"keypoints": list(self.kind.points), "skeleton": [list(p) for p in self.kind.skeleton]}
            out.append(entry)
        return out

    def _join(self, name: str, head: dict[str, Any], parts: tuple[str, str], tail: dict[str, Any]) -> None:
        with (self.stem / name).open("w", encoding="utf-8", newline="\n") as file:
            file.write("{" + ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()))
            for key, part in zip(("images", "annotations"), parts, strict=True):
                file.write(f', "{key}": [\n')
                for number, line in enumerate(self._parts[part].read()):
                    file.write((",\n" if number else "") + line)
                file.write("]")
            file.write("".join(f", {json.dumps(k)}: {json.dumps(v)}" for k, v in tail.items()) + "}\n")


class _Lines:
    """JSON objects, a line each, in a file that is read once and removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("w+", encoding="utf-8", newline="\n")

    def add(self, value: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False, default=plain) + "\n")

    def read(self) -> Iterator[str]:
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")

    def remove(self) -> None:
        self._file.close()
        self.path.unlink()


def _whole(text: Any) -> int | str | None:
    """Return an image's number as COCO has it; names of other forms stay text."""
    if text is None:
        return None
    return int(text) if str(text).isdigit() else str(text)
