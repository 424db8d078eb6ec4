"""Pascal VOC: an XML file of boxes for each image."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from xml.etree import ElementTree

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from augury.errors import DataError, describe, shown
from augury.formats import Fields, RawRecord, Writer
from augury.params import Within
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

ANNOTATIONS, IMAGES, SETS = "Annotations", "JPEGImages", "ImageSets/Main"
_MOST_BYTES = 16 << 20
_OWN = ("name", "bndbox")


class Voc(AnnotatedFormat):
    """Pascal VOC: ``Annotations/X.xml`` beside ``JPEGImages/X.jpg``, in the folder or in folders just below it.

    Columns: ``image``, ``instances`` (an object's other plain elements, such as ``difficult``, go with it), ``side``
    where ``ImageSets/Main`` or the folder's name says one. An image without XML has no objects; XML without its image
    is reported. XML with a document type or entities is refused. Written: the same folders; originals' boxes as they
    came, copies' to whole pixels.

    Args:
        first_pixel: The number of the first pixel: 1 as VOC has it (a box of the pixels 1 to 10 covers ten), or 0 for
            files whose numbers are continuous coordinates from the image's edge.
    """

    first_pixel: Annotated[int, Within(0, 1)] = 1

    def files(self, source: str) -> list[str]:
        """Return the XML files."""
        tree = Tree(source, "a folder with Annotations")
        return [tree.location(f"{base}{ANNOTATIONS}/{name}.xml") for base in _bases(tree) for name in _xml(tree, base)]

    def columns(self, source: str) -> list[str]:
        """Return the columns."""
        tree = Tree(source, "a folder with Annotations")
        sided = any(_sides(tree, base) or side_of(base) for base in _bases(tree))
        return [IMAGE, INSTANCES, *([SIDE] if sided else [])]

    def stated(self, source: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the columns, with the names met as categories, in alphabetical order."""
        tree = Tree(source, "a folder with Annotations")
        names: set[str] = set()
        for base in _bases(tree):
            for name in _xml(tree, base):
                try:
                    root = _parsed(tree.read(f"{base}{ANNOTATIONS}/{name}.xml"))
                except DataError:
                    continue  # reported with its record
                names |= {_text(one, "name") for one in root.iter("object")}
        categories = [[i, name, ""] for i, name in enumerate(sorted(names), 1)]
        objects = {"kind": "instances", "of": IMAGE, "categories": categories}
        sided = SIDE in self.columns(source)
        return {IMAGE: IMAGE_FIELD, INSTANCES: objects} | ({SIDE: SIDE_FIELD} if sided else {})

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record an image; the key is the image's path below the folder."""
        tree = Tree(source, "a folder with Annotations")
        for base in _bases(tree):
            sides = _sides(tree, base)
            images = tree.images(f"{base}{IMAGES}") or tree.images(f"{base}images")
            notes = set(_xml(tree, base))
            for stem, image in images.items():
                values: dict[str, Any] = {INSTANCES: [], SIDE: sides.get(stem) or side_of(base)}
                try:
                    values[IMAGE] = tree.payload(image, image)
                    if stem in notes:
                        values[INSTANCES] = self._objects(tree.read(f"{base}{ANNOTATIONS}/{stem}.xml"))
                except DataError as error:
                    yield RawRecord(image, {IMAGE: image}, f"{base}{ANNOTATIONS}/{stem}.xml", str(error))
                    continue
                yield RawRecord(image, {n: v for n, v in values.items() if n in fields and v is not None}, image)
            for stem in sorted(notes - set(images)):
                where = f"{base}{ANNOTATIONS}/{stem}.xml"
                fix = "add the image, or remove the file"
                problem = describe("", f"an image {stem} in {IMAGES}", shown("none"), fix=fix)
                yield RawRecord(where, {"annotation": where}, where, problem)

    def _objects(self, data: bytes) -> list[dict[str, Any]]:
        out = []
        for number, one in enumerate(_parsed(data).iter("object")):
            box = one.find("bndbox")
            try:
                if box is None:
                    raise ValueError("no bndbox")
                x0, y0, x1, y1 = (float(_text(box, side)) for side in ("xmin", "ymin", "xmax", "ymax"))
            except ValueError as error:
                where, fix = f"object {number + 1}", "correct its bndbox"
                raise DataError(describe(where, "a bndbox of four numbers", shown(str(error)), fix=fix)) from error
            extra = {child.tag: (child.text or "").strip() for child in one if child.tag not in _OWN and not len(child)}
            corners = [x0 - self.first_pixel, y0 - self.first_pixel, x1, y1]
            note = json.dumps(extra, ensure_ascii=False) if extra else None
            out.append({"label": _text(one, "name"), "box": corners, "extra": note})
        return out

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of a folder ``stem``."""
        return VocWriter(stem, schema, fields, self.first_pixel)


def _bases(tree: Tree) -> list[str]:
    """Return the folders that hold ``Annotations``: the source's own, or those just below.

    Raises:
        DataError: when there is none.
    """
    for pattern in ("Annotations", "*/Annotations"):
        found = sorted(path for path in tree.fs.glob(tree.path(pattern)) if tree.fs.isdir(path))
        if found:
            return [tree.name_of(path).removesuffix(ANNOTATIONS) for path in found]
    fix = "correct path:"
    raise DataError(describe(tree.source, f"a folder {ANNOTATIONS} with XML files", shown("none"), fix=fix))


def _xml(tree: Tree, base: str) -> list[str]:
    return [name.rsplit("/", 1)[-1].removesuffix(".xml") for name in tree.glob(f"{base}{ANNOTATIONS}/*.xml")]


def _sides(tree: Tree, base: str) -> dict[str, str]:
    """Return image name to side, by the lists train, val and test; trainval says neither."""
    out = {}
    for side in ("train", "val", "test"):
        name = f"{base}{SETS}/{side}.txt"
        if tree.isfile(name):
            for line in tree.read(name).decode("utf-8", "replace").splitlines():
                if line.strip():
                    out[line.split()[0]] = side
    return out


def _parsed(data: bytes) -> ElementTree.Element:
    """Return the root of an XML file that declares nothing of its own.

    Raises:
        DataError: for damaged files, document types, entities, and files of over 16 MB.
    """
    try:
        if len(data) > _MOST_BYTES:
            raise ValueError(f"{len(data)} bytes")
        root: ElementTree.Element = fromstring(data, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        wanted = "plain XML of at most 16 MB, without a document type"
        raise DataError(describe("", wanted, shown(str(error)), fix="correct the file")) from error
    return root


def _text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


class VocWriter(AnnotatedWriter):
    """Writes XML files and the side's list."""

    def __init__(self, stem: Path, schema: pa.Schema, fields: Fields, first_pixel: int) -> None:
        """Make the folder ``stem``."""
        super().__init__(stem, schema, fields)
        self.first_pixel = first_pixel
        self._stems: list[str] = []
        (stem / ANNOTATIONS).mkdir()

    def folder_of(self, field: str) -> str:
        """Return ``JPEGImages`` for the image, whatever its encoding: readers look there."""
        own = super().folder_of(field)
        return IMAGES if own == "images" else own

    def annotate(self, row: Mapping[str, Any], file: str, width: int, height: int, items: Instances) -> None:
        """Write the image's XML file."""
        path = Path(file)
        root = ElementTree.Element("annotation")
        for name, text in (("folder", IMAGES), ("filename", path.name)):
            ElementTree.SubElement(root, name).text = text
        size = ElementTree.SubElement(root, "size")
        for name, number in (("width", width), ("height", height), ("depth", 3)):
            ElementTree.SubElement(size, name).text = str(number)
        ElementTree.SubElement(root, "segmented").text = "0"
        for item in items.items:
            root.append(self._object(item, row.get("augury_copy") is None))
        ElementTree.indent(root, "\t")
        text = ElementTree.tostring(root, encoding="unicode")
        (self.stem / ANNOTATIONS / f"{path.stem}.xml").write_text(_without_controls(text), encoding="utf-8")
        self._stems.append(path.stem)

    def _object(self, item: Instance, original: bool) -> ElementTree.Element:
        out = ElementTree.Element("object")
        ElementTree.SubElement(out, "name").text = "" if item.label is None else str(item.label)
        for name, text in json.loads(item.extra or "{}").items():
            ElementTree.SubElement(out, name).text = str(text)
        box = ElementTree.SubElement(out, "bndbox")
        first = (self.first_pixel, self.first_pixel, 0, 0)
        for name, value, start in zip(("xmin", "ymin", "xmax", "ymax"), item.box, first, strict=True):
            number = value if original else round(value)
            ElementTree.SubElement(box, name).text = f"{number + start:.15g}"
        return out

    def finish(self) -> None:
        """Write the side's list of images."""
        path = self.stem / SETS / f"{self.side}.txt"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{stem}\n" for stem in self._stems), encoding="utf-8")


def _without_controls(text: str) -> str:
    """Leave out what XML 1.0 has no form for."""
    return "".join(c for c in text if c >= " " or c in "\t\n\r")
