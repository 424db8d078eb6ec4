"""What this distribution registers. Imports nothing but the plugin interface."""

from augury.plugin import CleanerSpec, DetectorSpec, FormatSpec, KindSpec, OpSpec, Plugin, hookimpl

_PLANES = ("image", "raw_image")
_NO_EXAMPLES: tuple[dict[str, object], ...] = ()


def _op(
    name: str,
    family: str,
    cls: str,
    effect: str,
    summary: str,
    examples: tuple[dict[str, object], ...] = _NO_EXAMPLES,
    on: str | tuple[str, ...] = "image",
) -> OpSpec:
    target = f"augury_image.ops.{family}:{cls}"
    return OpSpec(f"image.{name}", target, summary, on=on, version=1, effect=effect, examples=examples)


def _warp(name: str, family: str, cls: str, summary: str, *examples: dict[str, object]) -> OpSpec:
    return _op(name, family, cls, "Warp", summary, examples, _PLANES)


_KINDS = [
    KindSpec("image", "augury_image.kinds.image:Image", "A picture: height, width, channels; RGB in the unit domain."),
    KindSpec("raw_image", "augury_image.kinds.image:RawImage", "A normalised picture: float32 of any range."),
    KindSpec("mask", "augury_image.kinds.mask:Mask", "A label for each pixel of an image."),
    KindSpec("boxes", "augury_image.kinds.boxes:BoxesKind", "Upright boxes with labels."),
    KindSpec("oriented_boxes", "augury_image.kinds.oriented:OrientedBoxesKind", "Boxes with an angle, with labels."),
    KindSpec("keypoints", "augury_image.kinds.keypoints:KeypointsKind", "Points with visibility and labels."),
    KindSpec("polygons", "augury_image.kinds.polygons:PolygonsKind", "Outlines of objects with labels."),
    KindSpec(
        "instances", "augury_image.kinds.instances:InstancesKind", "Objects: box, outline, mask, keypoints, label."
    ),
]

_WARPS = [
    _warp("rotate", "geometry", "Rotate", "Rotate about the centre.", {"grow_canvas": True, "border": "reflect"}),
    _warp("translate", "geometry", "Translate", "Shift by a fraction of the sides.", {"border": "replicate"}),
    _warp("scale", "geometry", "Scale", "Scale about the centre.", {"keep_ratio": False, "scale_range": [0.2, 0.5]}),
    _warp("shear", "geometry", "Shear", "Shear along x and y.", {"axis": "both", "fill": [0.2, 0.4, 0.6]}),
    _warp("affine", "geometry", "Affine", "Shear, scale, rotate and shift at once.", {"interpolation": "cubic"}),
    _warp("perspective", "geometry", "Perspective", "Look at the picture from a little aside."),
    _warp("flip", "geometry", "Flip", "Mirror the picture.", {"axis": "vertical"}, {"axis": "both"}),
    _warp("crop", "crops", "Crop", "Keep a part of the picture.", {"size": [40, 60], "position": "center"}),
    _warp("box_safe_crop", "crops", "BoxSafeCrop", "Keep a part that holds all targets."),
    _warp("resized_crop", "crops", "ResizedCrop", "Crop a random area and resize it.", {"size": [10, 12]}),
    _warp("resize", "crops", "Resize", "Resize to a given size.", {"size": [30, 20], "mode": "letterbox", "fill": 0.5}),
    _warp("pad", "crops", "Pad", "Add a margin.", {"border": "reflect", "margin_px": [0, 3, 2, 1], "multiple_of": 8}),
]

_TONES = [
    _op("brightness", "tone", "Brightness", "Curve", "Make lighter or darker."),
    _op("contrast", "tone", "Contrast", "Curve", "Spread values about middle grey."),
    _op("brightness_contrast", "tone", "BrightnessContrast", "Curve", "Change contrast, then brightness."),
    _op("gamma", "tone", "Gamma", "Curve", "Raise values to a power."),
    _op("posterize", "tone", "Posterize", "Curve", "Keep the highest bits.", ({"bits_range": [1, 3]},)),
    _op("solarize", "tone", "Solarize", "Curve", "Invert the values above a threshold."),
    _op("invert", "tone", "Invert", "Curve", "Turn into the negative."),
    _op("saturation", "color", "Saturation", "Color", "Strengthen or weaken colours."),
    _op("hue", "color", "Hue", "Color", "Turn the hues."),
    _op("color_jitter", "color", "ColorJitter", "Color", "Brightness, contrast, saturation and hue at once."),
]

_OTHERS = [
    _op("blur", "pixels", "Blur", "Pixels", "Blur with a Gaussian."),
    _op("noise", "pixels", "Noise", "Pixels", "Add Gaussian noise.", ({"per_channel": False},)),
    _op(
        "erasing", "layers", "Erasing", "Layers", "Cover random rectangles.", ({"noise": True, "holes_range": [2, 4]},)
    ),
    _op("mixup", "layers", "Mixup", "Layers", "Blend with another record."),
    _op("mosaic", "layers", "Mosaic", "Layers", "Four records in the quarters of one.", ({"size": [64, 80]},)),
    _op(
        "normalize",
        "pixels",
        "Normalize",
        "Convert",
        "Subtract a mean, divide by a deviation.",
        ({"mean": 0.5, "std": 0.5},),
    ),
]

_CLEANERS = [
    CleanerSpec(
        "image.valid",
        "augury_image.cleaners:Valid",
        "Reject pictures of the wrong size or shape.",
        on=_PLANES,
        examples=({"side_px_range": [1, 40], "max_aspect": 1.2},),
    ),
    CleanerSpec("image.blank", "augury_image.cleaners:Blank", "Reject pictures of one colour.", on="image"),
    CleanerSpec("image.blurry", "augury_image.cleaners:Blurry", "Reject pictures without sharp detail.", on="image"),
    CleanerSpec(
        "image.tiles",
        "augury_image.cleaners:Tiles",
        "Cut pictures into tiles of one size.",
        on=_PLANES,
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
    """Return the kinds, ops, formats, cleaners and detector of this distribution."""
    ops = [*_WARPS, *_TONES, *_OTHERS]
    return Plugin(kinds=_KINDS, ops=ops, formats=_FORMATS, cleaners=_CLEANERS, detectors=_DETECTORS)
