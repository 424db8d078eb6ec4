"""Semantic segmentation: a PNG of class numbers for each image, of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from augury.errors import DataError, RecipeError, describe, shown
from augury.formats import Fields, RawRecord, Writer
from augury_image.codec import palette_of
from augury_image.formats.annotated import (
    IMAGE,
    IMAGE_FIELD,
    SIDE,
    SIDE_FIELD,
    AnnotatedFormat,
    AnnotatedWriter,
    Tree,
    side_of,
)
from augury_image.kinds.instances import Instances

MASK = "mask"
_PEEKED = 20


class ImageMasks(AnnotatedFormat):
    """Images in one folder, masks of the same names in another: ``images/a/x.jpg``, ``masks/a/x.png``.

    Columns: ``image``, ``mask``, ``side`` where a folder's name says one. An image without a mask is a record without
    one; a mask without an image is reported. A palette is kept: copies' masks have that of the first masks read.
    Written: ``images/``, ``masks/``.

    Args:
        images: The folder of images.
        masks: The folder of masks.
    """

    images: str = "images"
    masks: str = "masks"

    def files(self, source: str) -> list[str]:
        """Return the mask files."""
        tree = Tree(source, "a folder with images and masks")
        return [tree.location(name) for _, name, _ in self._pairs(tree) if name]

    def columns(self, source: str) -> list[str]:
        """Return the columns."""
        return [*self.stated(source)]

    def stated(self, source: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the columns, the mask with its palette."""
        tree = Tree(source, "a folder with images and masks")
        pairs = self._pairs(tree)
        masks = islice((mask for _, mask, _ in pairs if mask), _PEEKED)
        palettes = [palette_of(tree.read(name)) for name in masks]
        palette = [list(colour) for colour in palettes[0]] if palettes and len(set(palettes)) == 1 else []
        out = {IMAGE: IMAGE_FIELD, MASK: {"kind": "mask", "of": IMAGE, "palette": palette}}
        return out | ({SIDE: SIDE_FIELD} if any(side for _, _, side in pairs) else {})

    def read(self, source: str, fields: Fields) -> Iterator[RawRecord]:
        """Yield one record an image; the key is the image's path below the folder."""
        tree = Tree(source, "a folder with images and masks")
        for image, mask, side in self._pairs(tree):
            if not image:
                fix = "add the image, or remove the mask"
                problem = describe("", "an image of the same name", shown("none"), fix=fix)
                yield RawRecord(mask, {MASK: str(mask)}, str(mask), problem)
                continue
            try:
                values = {IMAGE: tree.payload(image, image), SIDE: side}
                values |= {MASK: tree.payload(mask, mask)} if mask else {}
            except DataError as error:
                yield RawRecord(image, {IMAGE: image}, image, str(error))
                continue
            yield RawRecord(image, {n: v for n, v in values.items() if n in fields and v is not None}, image)

    def _pairs(self, tree: Tree) -> list[tuple[str, str, str | None]]:
        """Return image, mask and side; an empty name where one is missing.

        Raises:
            DataError: without images.
        """
        images, masks = tree.images(self.images.strip("/")), tree.images(self.masks.strip("/"))
        if not images:
            # Shards written side by side are read as one.
            for base in sorted({name.split("/", 1)[0] for name in tree.glob(f"*/{self.images}/*")}):
                images |= {f"{base}/{k}": v for k, v in tree.images(f"{base}/{self.images}").items()}
                masks |= {f"{base}/{k}": v for k, v in tree.images(f"{base}/{self.masks}").items()}
        if not images:
            fix = "give images: and masks: with their folders"
            raise DataError(describe(tree.source, f"images in {self.images}", shown("none"), fix=fix))
        pairs = [(name, masks.get(stem, ""), side_of(*stem.split("/")[:-1])) for stem, name in images.items()]
        return pairs + [("", name, None) for stem, name in masks.items() if stem not in images]

    def check_fields(self, fields: Fields) -> None:
        """Refuse fields without an image and a mask.

        Raises:
            RecipeError: as said.
        """
        super().check_fields(fields)
        if not any(spec.kind_id == "mask" for spec in fields.values()):
            where, fix = f"write.format: {self.entry_id}", "write parquet, or another annotation format"
            raise RecipeError(describe(where, "a field of kind mask", shown("none"), fix=fix))

    def writer(self, stem: Path, schema: pa.Schema, fields: Fields) -> Writer:
        """Return a writer of a folder ``stem``."""
        return MasksWriter(stem, schema, fields)


class MasksWriter(AnnotatedWriter):
    """Writes images and masks; the files are the annotation."""

    def folder_of(self, field: str) -> str:
        """Return ``masks`` for the first mask, and each further one's own name."""
        masks = [name for name, spec in self.fields.items() if spec.kind_id == "mask"]
        return "masks" if masks[:1] == [field] else super().folder_of(field)

    def annotate(self, row: Mapping[str, Any], file: str, width: int, height: int, items: Instances) -> None:
        """Write nothing: the mask is a file already."""
