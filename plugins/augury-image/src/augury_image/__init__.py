"""Images, masks, boxes, keypoints and polygons for augury: kinds, warps, colour, composition."""

from typing import TYPE_CHECKING

from augury import lazy

if TYPE_CHECKING:
    from augury_image.kinds.boxes import Boxes as Boxes
    from augury_image.kinds.keypoints import Keypoints as Keypoints
    from augury_image.kinds.oriented import OrientedBoxes as OrientedBoxes
    from augury_image.kinds.polygons import Polygons as Polygons

_PUBLIC = {
    "Boxes": "augury_image.kinds.boxes",
    "Keypoints": "augury_image.kinds.keypoints",
    "OrientedBoxes": "augury_image.kinds.oriented",
    "Polygons": "augury_image.kinds.polygons",
}

__all__ = ["Boxes", "Keypoints", "OrientedBoxes", "Polygons"]

__getattr__ = lazy.names(__name__, _PUBLIC)
