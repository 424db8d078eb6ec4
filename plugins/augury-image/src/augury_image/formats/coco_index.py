"""COCO's annotation files sorted on disk: read once as a stream, then looked up image by image."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

import ijson

from augury.errors import DataError, describe, shown
from augury.formats import open_file
from augury_image.formats.annotated import Tree, side_of, source_is_file

OBJECT, CAPTION, PANOPTIC = "object", "caption", "panoptic"
_TASK = re.compile(r"^(instances|person_keypoints|keypoints|captions|panoptic|stuff|image_info)_?")
_NEEDED = {"images": ("id",), "annotations": ("image_id",), "categories": ("id", "name"), "licenses": ("id",)}
_TRIED = 8
"""Images that a folder of images is tried with."""


@dataclass
class Part:
    """The annotation files of one set of images, with the folders of images and of panoptic masks."""

    number: int
    name: str
    files: list[str]
    side: str | None
    images: str = ""
    segments: str = ""
    panoptic: bool = False
    licenses: dict[Any, Any] = field(default_factory=dict)


def index_of(source: str, annotations: tuple[str, ...], images: str) -> Index:
    """Return the index of a source; the last ones are kept for as long as their files stay as they are.

    Raises:
        DataError: for sources without annotation files, and files that are not COCO's.
    """
    alone = source_is_file(source, ".json")
    folder, given = _split(source, images) if alone else (source, annotations)
    tree = Tree(folder, "a folder with COCO annotations")
    names = list(given) or sorted({*tree.glob("*.json"), *tree.glob("*/*.json")})
    stamps = tuple((name, _stamp(tree, name)) for name in names)
    return _index(folder, stamps, images, bool(given))


def _split(source: str, images: str) -> tuple[str, tuple[str, ...]]:
    """Return the folder of a single annotation file: the one above where the file lies in ``annotations``."""
    above, name = source.rsplit("/", 1)
    if above.rsplit("/", 1)[-1] == "annotations":
        return above.rsplit("/", 1)[0], (f"annotations/{name}",)
    return above, (name,)


def _stamp(tree: Tree, name: str) -> str:
    try:
        info = tree.fs.info(tree.path(name))
    except FileNotFoundError as error:
        fix = "correct annotations:"
        raise DataError(describe(tree.source, f"the annotation file {name}", shown("none"), fix=fix)) from error
    return f"{info.get('size')} {tree.source} {info.get('mtime') or info.get('LastModified') or info.get('ETag')}"


@lru_cache(maxsize=2)
def _index(folder: str, stamps: tuple[tuple[str, str], ...], images: str, given: bool) -> Index:
    return Index(Tree(folder, "a folder with COCO annotations"), [name for name, _ in stamps], images, given)


class Index:
    """What the annotation files of a folder hold.

    Attributes:
        parts: Sets of images, in the order of their names.
        categories: Number to (number, label, group); labels differ even where names repeat.
        points: Names of the keypoints; ``skeleton`` joins them, counted from 1.
        captions: The most captions of any image.
    """

    def __init__(self, tree: Tree, names: list[str], images: str, given: bool) -> None:
        """Read the files.

        Raises:
            DataError: where none is COCO's, or one of those given is not.
        """
        self.tree = tree
        self.db = sqlite3.connect("", check_same_thread=False)  # a file that the system removes
        self.db.execute("CREATE TABLE image (part, id, body)")
        self.db.execute("CREATE TABLE note (part, image, task, body)")
        self.categories: dict[Any, tuple[int, str, str]] = {}
        self.points: tuple[str, ...] = ()
        self.skeleton: tuple[tuple[int, int], ...] = ()
        self.captions = 0
        self.has_objects = self.outlined = self.panoptic = False
        self.parts = self._parts(names, given)
        if not self.parts:
            fix = "correct path:, or give annotations:"
            raise DataError(describe(tree.source, "COCO annotation files (*.json)", shown("none"), fix=fix))
        for part in self.parts:
            for name in part.files:
                self._read(part, name)
        self.db.execute("CREATE INDEX by_image ON note (part, image)")
        self.db.execute("CREATE INDEX by_id ON image (part, id)")
        self.files = [tree.location(name) for part in self.parts for name in part.files]
        self.sided = any(part.side for part in self.parts)
        count = "SELECT max(n) FROM (SELECT count(*) AS n FROM note WHERE task = ? GROUP BY part, image)"
        self.captions = self.db.execute(count, (CAPTION,)).fetchone()[0] or 0
        for part in self.parts:
            self._find_folders(part, images)
        self._name_apart()

    @property
    def caption_kind(self) -> str:
        """The kind of captions: text where a distribution gives it, else plain."""
        from importlib.util import find_spec

        return "text" if find_spec("augury_text") else "id"

    def images(self, part: Part) -> Iterator[tuple[dict[str, Any], dict[str, list[Any]]]]:
        """Yield each image of a part with its annotations by task."""
        rows = self.db.execute("SELECT id, body FROM image WHERE part = ? ORDER BY rowid", (part.number,))
        for number, body in rows:
            found: dict[str, list[Any]] = {}
            notes = "SELECT task, body FROM note WHERE part = ? AND image = ? ORDER BY rowid"
            for task, note in self.db.execute(notes, (part.number, number)):
                found.setdefault(task, []).append(json.loads(note))
            yield json.loads(body), found

    def orphans(self, part: Part) -> Iterator[tuple[str, str]]:
        """Yield the place and the problem of each annotation whose image the files do not have."""
        query = (
            "SELECT image, body FROM note WHERE part = ?1 AND NOT EXISTS "
            "(SELECT 1 FROM image WHERE image.part = ?1 AND image.id = note.image) ORDER BY note.rowid"
        )
        for image, body in self.db.execute(query, (part.number,)):
            where = f"{part.name} annotation {json.loads(body).get('id')}"
            fix = "add the image, or remove the annotation"
            yield where, describe("", "an image of its image_id", image, fix=fix)

    def _parts(self, names: list[str], given: bool) -> list[Part]:
        grouped: dict[str, list[str]] = {}
        for name in names:
            if given or self._is_coco(name):
                folder, _, last = name.rpartition("/")
                shared = _TASK.sub("", last.removesuffix(".json")) or folder
                # Files of several tasks are known by their names; any other is a set of its own.
                key = shared if _TASK.match(last) else name
                grouped.setdefault("given" if given else key, []).append(name)
        out = []
        for number, files in enumerate(grouped.values()):
            above, _, file = files[0].rpartition("/")
            side = side_of(file, above)
            out.append(Part(number, files[0], files, side))
        return out

    def _is_coco(self, name: str) -> bool:
        with open_file(self.tree.location(name)) as file:
            try:
                return any(prefix == "images" for prefix, _, _ in islice(ijson.parse(file), 10_000))
            except ijson.JSONError:
                return False

    def _read(self, part: Part, name: str) -> None:
        known = {i for (i,) in self.db.execute("SELECT id FROM image WHERE part = ?", (part.number,))}
        images = ((str(one["id"]), one) for one in self._items(name, "images") if str(one["id"]) not in known)
        rows = ((part.number, number, json.dumps(one)) for number, one in images)
        self.db.executemany("INSERT INTO image VALUES (?, ?, ?)", rows)
        notes = (self._note(part, one) for one in self._items(name, "annotations"))
        self.db.executemany("INSERT INTO note VALUES (?, ?, ?, ?)", notes)
        for one in self._items(name, "categories"):
            number, label = int(one["id"]), str(one["name"])
            self.categories[number] = (number, label, str(one.get("supercategory") or ""))
            if one.get("keypoints"):
                self.points = tuple(map(str, one["keypoints"]))
                self.skeleton = tuple((int(a), int(b)) for a, b in one.get("skeleton") or ())
        part.licenses |= {one["id"]: one for one in self._items(name, "licenses")}

    def _note(self, part: Part, one: dict[str, Any]) -> tuple[Any, ...]:
        if "caption" in one:
            task = CAPTION
        elif "segments_info" in one:
            task = PANOPTIC
            self.panoptic = part.panoptic = self.has_objects = True
        else:
            task = OBJECT
            self.has_objects = True
            self.outlined = self.outlined or bool(one.get("segmentation"))
        return part.number, str(one["image_id"]), task, json.dumps(one)

    def _items(self, name: str, key: str) -> Iterable[dict[str, Any]]:
        """Yield the objects of one of the file's lists, as a stream."""
        with open_file(self.tree.location(name)) as file:
            try:
                for number, one in enumerate(ijson.items(file, f"{key}.item", use_float=True)):
                    missing = [n for n in _NEEDED.get(key, ()) if not isinstance(one, dict) or n not in one]
                    if missing:
                        where, wanted = f"{name} {key}[{number}]", f"an object with {missing[0]}"
                        raise DataError(describe(where, wanted, shown("none"), fix="correct it"))
                    yield one
            except (ijson.JSONError, UnicodeDecodeError) as error:
                raise DataError(describe(name, "whole JSON", shown(str(error)), fix="fetch the file again")) from error

    def _find_folders(self, part: Part, images: str) -> None:
        """Find the folder that the part's images lie in, by trying the first ones."""
        rows = self.db.execute("SELECT body FROM image WHERE part = ? LIMIT ?", (part.number, _TRIED))
        names = [str(json.loads(body).get("file_name")) for (body,) in rows]
        part.images = self._folder(part, names, [images] if images else [])
        if part.panoptic:
            query = "SELECT body FROM note WHERE part = ? AND task = ? LIMIT ?"
            notes = [json.loads(body) for (body,) in self.db.execute(query, (part.number, PANOPTIC, _TRIED))]
            first = part.files[0].removesuffix(".json")
            beside = first.rpartition("/")[0]
            tried = [first, f"{beside}/panoptic".lstrip("/"), f"{first}_masks", f"{beside}/masks".lstrip("/")]
            part.segments = self._folder(part, [str(note.get("file_name")) for note in notes], tried)

    def _folder(self, part: Part, names: list[str], tried: list[str]) -> str:
        if not tried:
            folder, _, last = part.files[0].rpartition("/")
            shared = _TASK.sub("", last.removesuffix(".json"))
            sides = list(dict.fromkeys(filter(None, (shared, part.side))))
            beside = [*(f"{folder}/{s}" for s in sides), f"{folder}/images", folder]
            tried = [*beside, *(f"images/{s}" for s in sides), *sides, "images", ""]
        tried = [path.strip("/") for path in dict.fromkeys(tried)]
        for path in tried:
            if not names or any(self.tree.isfile(f"{path}/{name}".lstrip("/")) for name in names):
                return path
        fix = "give images: with their folder"
        wanted = f"the images that {part.name} names, such as {names[0]}"
        got = shown(f"none in {', '.join(p or '.' for p in tried)}")
        raise DataError(describe(self.tree.source, wanted, got, fix=fix))

    def _name_apart(self) -> None:
        """Give categories of one name different labels."""
        names = [name for _, name, _ in self.categories.values()]
        for number, (_, name, group) in list(self.categories.items()):
            if names.count(name) > 1:
                self.categories[number] = (number, f"{name} ({number})", group)
