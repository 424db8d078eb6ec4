"""To and from torchvision's tv_tensors. Imports torch and torchvision when a conversion is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.errors import FieldError, describe
from augury.kinds import Kind
from augury.record import Schema
from augury_image.kinds.boxes import Boxes
from augury_image.kinds.instances import Instances
from augury_image.kinds.keypoints import Keypoints
from augury_image.kinds.oriented import OrientedBoxes

_CENTRE = 0.5
"""Torchvision counts keypoints from the centre of the first pixel, we from the picture's corner."""


@dataclass(frozen=True)
class ToTvTensors:
    """Turns a record's values into tv_tensors; values of other kinds stay as they are. Picklable.

    Images become ``Image`` (channels, height, width; uint8, uint16 or float32), masks ``Mask``, boxes and turned boxes
    ``BoundingBoxes`` with ``X_labels`` beside field X, keypoints ``KeyPoints`` with ``X_visibility``; instances a
    mapping ``{boxes, labels, crowd}`` and, where all have one, ``masks`` (n, height, width): what torchvision's
    detection models take.

    Args:
        fields: The schema of the records, such as ``pipe.schema_after``.
        classes: The labels in order; each is given as its place. Empty keeps labels as they are, in a tuple.
    """

    fields: Schema
    classes: tuple[str | int, ...] = ()

    def __call__(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record's values as tensors."""
        out: dict[str, Any] = {}
        for name, value in record.items():
            spec = self.fields[name]
            anchor = record.get(spec.link[1]) if spec.link else None
            size = anchor.shape[:2] if isinstance(anchor, np.ndarray) else None
            out |= self._converted(name, spec.kind, value, size)
        return out

    def _converted(self, name: str, kind: Kind, value: Any, size: tuple[int, int] | None) -> dict[str, Any]:
        import torch
        from torchvision import tv_tensors

        if kind.space == "plane":
            plain = torch.from_numpy(np.ascontiguousarray(np.array(value).transpose(2, 0, 1)))
            return {name: tv_tensors.Image(plain)}
        if kind.entry_id == "mask":
            return {name: tv_tensors.Mask(torch.from_numpy(np.array(value)))}
        if isinstance(value, Boxes):
            boxes = _boxes(value.xyxy, "XYXY", _needed(name, size))
            return {name: boxes, f"{name}_labels": self._labels(value.labels)}
        if isinstance(value, OrientedBoxes):
            boxes = _boxes(value.cxcywha, "CXCYWHR", _needed(name, size))
            return {name: boxes, f"{name}_labels": self._labels(value.labels)}
        if isinstance(value, Keypoints):
            points = torch.from_numpy((value.xy - _CENTRE).astype(np.float32))
            seen = torch.from_numpy(np.array(value.visibility))
            points = tv_tensors.KeyPoints(points, canvas_size=_needed(name, size))
            return {name: points, f"{name}_visibility": seen}
        if isinstance(value, Instances):
            return {name: self._instances(name, value, size)}
        return {name: value}

    def _instances(self, name: str, value: Instances, size: tuple[int, int] | None) -> dict[str, Any]:
        import torch
        from torchvision import tv_tensors

        corners = np.array([item.box for item in value.items], dtype=np.float64).reshape(-1, 4)
        canvas = _needed(name, size)
        out = {"boxes": _boxes(corners, "XYXY", canvas), "labels": self._labels(value.labels)}
        out["crowd"] = torch.tensor([item.crowd for item in value.items], dtype=torch.bool)
        drawn = [item.mask is not None or bool(item.rings) for item in value.items]
        if drawn and all(drawn):
            masks = np.stack([_mask(item, canvas) for item in value.items])
            out["masks"] = tv_tensors.Mask(torch.from_numpy(masks))
        return out

    def _labels(self, labels: tuple[Any, ...]) -> Any:
        import torch

        if not self.classes:
            return labels
        places = {label: place for place, label in enumerate(self.classes)}
        for label in labels:
            if label not in places:
                known = [str(c) for c in self.classes]
                fix = "add it to classes"
                raise FieldError(describe("", "a label of the classes", label, name=str(label), known=known, fix=fix))
        return torch.tensor([places[label] for label in labels], dtype=torch.int64)


def from_tv_tensors(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record of tv_tensors as the arrays and values that pipelines take; other values stay as they are.

    ``X_labels`` (a tensor or a sequence) beside boxes X, and ``X_visibility`` beside keypoints X, are taken with them.
    """
    from torchvision import tv_tensors
    from torchvision.transforms.v2 import functional

    out: dict[str, Any] = {}
    for name, value in record.items():
        if name.endswith(("_labels", "_visibility")) and name.rsplit("_", 1)[0] in record:
            continue
        if isinstance(value, tv_tensors.Image):
            value = np.ascontiguousarray(value.numpy().transpose(1, 2, 0))
        elif isinstance(value, tv_tensors.Mask):
            value = value.numpy()
        elif isinstance(value, tv_tensors.BoundingBoxes):
            labels = record.get(f"{name}_labels")
            labels = labels.tolist() if labels is not None and hasattr(labels, "tolist") else labels
            turned = value.shape[-1] == 5
            form = tv_tensors.BoundingBoxFormat.CXCYWHR if turned else tv_tensors.BoundingBoxFormat.XYXY
            plain = functional.convert_bounding_box_format(value, new_format=form).numpy().astype(np.float64)
            value = {"boxes": plain, "labels": labels}
        elif isinstance(value, tv_tensors.KeyPoints):
            seen = record.get(f"{name}_visibility")
            points = value.numpy().astype(np.float64) + _CENTRE
            rows = points if seen is None else np.column_stack([points, np.asarray(seen)])
            value = {"points": rows, "labels": None}
        out[name] = value
    return out


def _needed(name: str, size: tuple[int, int] | None) -> tuple[int, int]:
    if size is None:
        fix = "link the field with of:, and keep its image"
        raise FieldError(describe(f"field {name!r}", "the image it lies on", "none", fix=fix))
    return int(size[0]), int(size[1])


def _boxes(rows: np.ndarray, form: str, size: tuple[int, int]) -> Any:
    import torch
    from torchvision import tv_tensors

    tensor = torch.from_numpy(np.array(rows, dtype=np.float32))
    return tv_tensors.BoundingBoxes(tensor, format=tv_tensors.BoundingBoxFormat[form], canvas_size=size)


def _mask(item: Any, size: tuple[int, int]) -> np.ndarray:
    """Return an object's mask, its outlines drawn on whole pixels: those whose centre lies inside."""
    if item.mask is not None:
        return np.ascontiguousarray(item.mask.decode())
    out = np.zeros(size, bool)
    for ring in item.rings:
        out |= _inside(np.reshape(ring, (-1, 2)), size)
    return out


def _inside(ring: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return bool (height, width): the pixels whose centre a ring goes around (even-odd rule), edge by edge."""
    height, width = size
    turns = np.zeros((height, width + 1), np.int32)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        (xa, ya), (xb, yb) = ((x0, y0), (x1, y1)) if y0 < y1 else ((x1, y1), (x0, y0))
        rows = np.arange(max(0, int(np.ceil(ya - 0.5))), min(height, int(np.ceil(yb - 0.5))))
        if len(rows):
            crossing = xa + (rows + 0.5 - ya) * (xb - xa) / (yb - ya)
            np.add.at(turns, (rows, np.clip(np.ceil(crossing - 0.5), 0, width).astype(int)), 1)
    return np.cumsum(turns[:, :width], axis=1) % 2 == 1
