"""Specs of geometry, crops, masking, compositions and policies."""

from __future__ import annotations

from augury_image.specs import field, op, warp

WARPS = [
    warp("rotate", "geometry", "Rotate", "Rotate about the centre.",
         {"canvas": "grow", "border": "reflect"}, {"canvas": "shrink"}, {"canvas": "inside"}),
    warp("translate", "geometry", "Translate", "Shift by a fraction of the sides.",
         {"border": "replicate", "axis": "x"}),
    warp("scale", "geometry", "Scale", "Scale about the centre.", {"keep_ratio": False, "scale_range": [0.2, 0.5]}),
    warp("shear", "geometry", "Shear", "Shear along x and y.", {"axis": "both", "fill": [0.2, 0.4, 0.6]}),
    warp("affine", "geometry", "Affine", "Shear, scale, rotate and shift at once.", {"interpolation": "cubic"}),
    warp("perspective", "geometry", "Perspective", "Look at the picture from a little aside."),
    warp("flip", "geometry", "Flip", "Mirror the picture.", {"axis": "vertical"}, {"axis": "both"}),
    warp("transpose", "symmetries", "Transpose", "Mirror at a diagonal.", {"diagonal": "anti"}),
    warp("rotate90", "symmetries", "Rotate90", "Turn by quarter turns."),
    warp("symmetry", "symmetries", "Symmetry", "One of the eight symmetries of the square (D4)."),
    warp("crop", "crops", "Crop", "Keep a part of the picture.", {"size": [40, 60], "position": "center"},
         {"size": [20, 20], "position": "fixed", "corner_px": [5, 7]}),
    warp("box_safe_crop", "crops", "BoxSafeCrop", "Keep a part that holds all targets."),
    warp("resized_crop", "crops", "ResizedCrop", "Crop a random area and resize it.", {"size": [10, 12]}),
    warp("border_crop", "aimed", "BorderCrop", "Cut a margin off each side."),
    warp("box_crop", "aimed", "BoxCrop", "Cut out a size that shows at least one object.", {"size": [16, 16]},
         {"size": [12, 12], "shown_frac": 0.4}),
    warp("crop_to_box", "aimed", "CropToBox", "Cut out one object with a margin.", {"margin_frac_range": [-0.2, 0.0]}),
    warp("mask_crop", "aimed", "MaskCrop", "Cut out a size that shows some of a mask.", {"size": [10, 10]}),
    warp("iou_crop", "aimed", "IouCrop", "Cut out a part that overlaps an object as drawn."),
    warp("resize", "crops", "Resize", "Resize to a given size.", {"size": [30, 20], "mode": "letterbox", "fill": 0.5}),
    warp("resize_side", "resizing", "ResizeSide", "Resize the longest or shortest side to a length.",
         {"side": "shortest", "length_px_range": [10, 40], "max_length_px": 50}),
    warp("rescale", "resizing", "Rescale", "Resize by a factor, canvas and all.", {"from_size": [20, 20]}),
    warp("zoom_out", "resizing", "ZoomOut", "Put the picture on a larger canvas.", {"border": "reflect"}),
    warp("pad", "crops", "Pad", "Add a margin.", {"border": "reflect", "margin_px": [0, 3, 2, 1], "multiple_of": 8}),
]  # fmt: skip

FIELDS = [
    field("elastic", "Elastic", "Stretch and squeeze smoothly at random.", {"border": "reflect"}),
    field("grid_distortion", "GridDistortion", "Make columns and rows wider and narrower.", {"cells": 2}),
    field("optical_distortion", "OpticalDistortion", "See through a lens: barrel, pincushion, fisheye.",
          {"model": "fisheye"}, {"k1_range": [-0.4, -0.2], "border": "replicate"}),
    field("piecewise_affine", "PiecewiseAffine", "Move the nodes of a mesh of triangles."),
    field("thin_plate_spline", "ThinPlateSpline", "Bend as a thin metal plate.", {"points": 2}),
]  # fmt: skip

MASKING = [
    op("erasing", "layers", "Erasing", "Layers", "Cover random rectangles.",
       ({"noise": True, "holes_range": [2, 4]},)),
    op("grid_dropout", "masking", "GridDropout", "Layers", "Cover the cells of a grid.", ({"noise": True},)),
    op("xy_masking", "masking", "XyMasking", "Layers", "Cover stripes of columns and rows.", ({"noise": True},)),
    op("pixel_dropout", "masking", "PixelDropout", "Pixels", "Set single pixels to a colour.",
       ({"per_channel": True},)),
    op("morphology", "morphology", "Morphology", "Pixels", "Let bright parts grow or shrink.",
       ({"operation": "close"},)),
    op("object_erasing", "masking", "ObjectErasing", "Layers", "Cover rectangles on objects.", ({"noise": True},)),
    op("mask_dropout", "masking", "MaskDropout", "Layers", "Cover whole objects along their outline.",
       ({"objects_range": [2, 2], "noise": True},)),
]  # fmt: skip

COMPOSITIONS = [
    op("mixup", "layers", "Mixup", "Layers", "Blend with another record."),
    op("cutmix", "pasting", "Cutmix", "Layers", "Replace a rectangle by another record's."),
    op("mosaic", "layers", "Mosaic", "Layers", "Four records in the quarters of one.", ({"size": [64, 80]},)),
    op("copy_paste", "pasting", "CopyPaste", "Layers", "Paste another record's objects.", ({"keep_place": True},)),
    op("overlay", "pasting", "Overlay", "Layers", "Put another record's picture over a part.",
       ({"take_targets": True, "opacity_range": [0.2, 0.4]},)),
    op("grid_shuffle", "pasting", "GridShuffle", "Layers", "Shuffle the tiles of the picture.", ({"grid": [2, 1]},)),
]  # fmt: skip

LEVELS = [
    op("autocontrast", "levels", "Autocontrast", "Pixels", "Stretch each channel to all levels."),
    op("equalize", "levels", "Equalize", "Pixels", "Give each channel a flat histogram."),
    op("sharpness", "levels", "Sharpness", "Pixels", "Blur or sharpen by mixing with the smoothed picture."),
]

POLICIES = [
    op("rand_augment", "policies", "RandAugment", "", "A few operations at one strength (RandAugment)."),
    op("trivial_augment", "policies", "TrivialAugment", "", "One operation at any strength (TrivialAugment)."),
    op("auto_augment", "policies", "AutoAugment", "", "A pair of operations found by search (AutoAugment).",
       ({"policy": "cifar10"}, {"policy": "svhn"})),
    op("aug_mix", "policies", "AugMix", "", "Chains of operations blended with the picture (AugMix)."),
]  # fmt: skip

GEOMETRY = [*WARPS, *FIELDS, *MASKING, *COMPOSITIONS, *LEVELS, *POLICIES]
"""Every op of these families."""
