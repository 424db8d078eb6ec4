"""What this distribution registers. Imports nothing but the plugin interface."""

from augury.plugin import CleanerSpec, DetectorSpec, FormatSpec, KindSpec, Plugin, hookimpl
from augury_image.specs import PLANES
from augury_image.specs_geometry import GEOMETRY
from augury_image.specs_tone import TONE

_KINDS = [
    KindSpec("image", "augury_image.kinds.image:Image", "A picture: height, width, channels; RGB in the unit domain."),
    KindSpec("raw_image", "augury_image.kinds.image:RawImage", "A normalised picture: float32 of any range."),
    KindSpec("mask", "augury_image.kinds.mask:Mask", "A label for each pixel of an image."),
    KindSpec("boxes", "augury_image.kinds.boxes:BoxesKind", "Upright boxes with labels."),
    KindSpec("oriented_boxes", "augury_image.kinds.oriented:OrientedBoxesKind", "Boxes with an angle, with labels."),
    KindSpec("keypoints", "augury_image.kinds.keypoints:KeypointsKind", "Points with visibility and labels."),
    KindSpec("polygons", "augury_image.kinds.polygons:PolygonsKind", "Outlines of objects with labels."),
    KindSpec("lines", "augury_image.kinds.lines:LinesKind", "Open lines with labels."),
    KindSpec("depth", "augury_image.kinds.rasters:Depth", "A distance for each pixel of an image."),
    KindSpec("flow", "augury_image.kinds.rasters:Flow", "Optical flow: where each pixel of an image goes."),
    KindSpec("intrinsics", "augury_image.kinds.intrinsics:Intrinsics", "The pinhole camera of an image."),
    KindSpec(
        "instances", "augury_image.kinds.instances:InstancesKind", "Objects: box, outline, mask, keypoints, label."
    ),
]

_CLEANERS = [
    CleanerSpec(
        "image.valid",
        "augury_image.cleaners:Valid",
        "Reject pictures of the wrong size or shape.",
        on=PLANES,
        examples=({"side_px_range": [1, 40], "max_aspect": 1.2},),
    ),
    CleanerSpec("image.blank", "augury_image.cleaners:Blank", "Reject pictures of one colour.", on="image"),
    CleanerSpec("image.blurry", "augury_image.cleaners:Blurry", "Reject pictures without sharp detail.", on="image"),
    CleanerSpec(
        "image.tiles",
        "augury_image.cleaners:Tiles",
        "Cut pictures into tiles of one size.",
        on=PLANES,
        examples=(
            {"size": [16, 20], "overlap_px": [4, 0]},
            {"size": [20, 64], "edge": "pad"},
            {"size": [16, 20], "edge": "drop"},
        ),
    ),
]

_DETECTORS = [
    DetectorSpec(
        "image.phash", "augury_image.near:Phash", "Pictures equal but for compression, size and a crop.", on="image"
    ),
    DetectorSpec(
        "image.thumbnail",
        "augury_image.thumbnail:Thumbnail",
        "Pictures by their thumbnails, for audits.",
        on="image",
        default=False,
        audits=True,
    ),
]

_FORMATS = [
    FormatSpec("coco", "augury_image.formats.coco:Coco", "COCO annotations beside their images.", (), True, True),
    FormatSpec("yolo", "augury_image.formats.yolo:Yolo", "YOLO labels beside their images.", (), True, True),
    FormatSpec("voc", "augury_image.formats.voc:Voc", "Pascal VOC annotations beside their images.", (), True, True),
    FormatSpec("image_masks", "augury_image.formats.masks:ImageMasks", "Images and masks of one name.", (), True, True),
]


@hookimpl
def augury_plugin() -> Plugin:
    """Return the kinds, ops, formats, cleaners and detectors of this distribution."""
    ops = [*GEOMETRY, *TONE]
    return Plugin(kinds=_KINDS, ops=ops, formats=_FORMATS, cleaners=_CLEANERS, detectors=_DETECTORS)
