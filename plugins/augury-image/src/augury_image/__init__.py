"""Images, masks, boxes, keypoints and polygons for augury: kinds, warps, colour, composition."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Boxes": "augury_image.kinds.boxes",
    "Keypoints": "augury_image.kinds.keypoints",
    "OrientedBoxes": "augury_image.kinds.oriented",
    "Polygons": "augury_image.kinds.polygons",
}

__all__ = ["Boxes", "Keypoints", "OrientedBoxes", "Polygons"]


def __getattr__(name: str) -> Any:
    """Import a value class when it is asked for."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'augury_image' has no attribute {name!r}")
