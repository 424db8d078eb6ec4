"""Every op of this distribution on every dtype and channel count, with every target, on degenerate pictures too."""

import numpy as np
import pytest

import augury
from augury.catalog import registry
from augury.errors import DataError
from augury.op import kinds_of
from augury.testing.suite import TEMPLATE

ENTRIES = [e for e in registry().entries("ops") if e.dist == "augury-image" and "image" in kinds_of(e.load())]
TARGETS = ("boxes", "oriented_boxes", "keypoints", "polygons", "lines", "mask", "depth", "flow", "intrinsics")
FIELDS = {
    "photo": "image",
    "label": {"kind": "category", "role": "label"},
    **{name: {"kind": name, "of": "photo", "on_unmoved": "drop"} for name in TARGETS},
}
GEOMETRIC = ("Warp", "Field", "Layers")


def photo(height, width, channels, dtype):
    """A picture of noise."""
    unit = np.random.default_rng(channels).random((height, width, channels), np.float32)
    return unit if dtype == "float32" else (unit * 255).astype(np.uint8)


def lying(height, width, boxes):
    """One of every target for a picture: ``boxes`` as boxes, polygons and more, rasters of its size."""
    rings = [[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in boxes]
    turned = [((a + c) / 2, (b + d) / 2, c - a, d - b, 10.0) for a, b, c, d in boxes]
    return {
        "boxes": boxes,
        "oriented_boxes": turned,
        "keypoints": [(a, b) for a, b, _, _ in boxes],
        "polygons": rings,
        "lines": [[(a, b), (c, d)] for a, b, c, d in boxes],
        "mask": np.arange(height * width, dtype=np.uint8).reshape(height, width) // 40 % 2,
        "depth": np.ones((height, width), np.float32),
        "flow": np.ones((height, width, 2), np.float32),
        "intrinsics": (50.0, 50.0, width / 2, height / 2),
    }


PICTURES = (("uint8", 1), ("uint8", 3), ("float32", 3), ("float32", 5))

CASES = {
    "usual": (32, 48, [(4.0, 3.0, 20.0, 18.0), (25.5, 8.25, 47.0, 31.0)]),
    "no_boxes": (20, 24, []),
    "boxes_out": (20, 24, [(-30.0, -30.0, -10.0, -5.0), (30.0, 2.0, 40.0, 12.0)]),
    "one_pixel": (1, 1, [(0.0, 0.0, 1.0, 1.0)]),
    "one_row": (1, 9, [(2.0, 0.0, 5.0, 1.0)]),
    "one_column": (9, 1, [(0.0, 2.0, 1.0, 5.0)]),
    "point_box": (16, 16, [(5.0, 5.0, 5.0, 5.0)]),
}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_op_takes_every_picture(entry):
    """A result whose fields agree, or a refusal in words; geometry refuses nothing."""
    pipe = augury.pipeline([entry.id], fields=FIELDS)
    for case, (height, width, boxes) in CASES.items():
        for dtype, channels in PICTURES:
            image = photo(height, width, channels, dtype)
            record = {"photo": image, "label": "a", **lying(height, width, boxes)}
            kept = image.copy()
            given = augury.pipeline([], fields=FIELDS)(record, seed=0, id="d", copy=0)
            pool = {f"d{k}": dict(given) for k in range(4)}
            where = f"{entry.id}, {case}, {dtype}, {channels} channels"
            if pipe.needs_fit:
                pipe = pipe.fit(pool.items())
            try:
                out = pipe(record, seed=2, id=case, copy=channels, pool=pool if pipe.needs_pool else None)
            except DataError as error:
                assert entry.spec.effect not in GEOMETRIC, f"{where}: {error}"
                assert TEMPLATE.search(str(error)), f"{where}: {error}"
                continue
            np.testing.assert_array_equal(image, kept, err_msg=f"{where}: the input was changed")
            _agree(out, given, entry, channels, dtype, where)


def _agree(out, given, entry, channels, dtype, where):
    shape = out["photo"].shape
    assert shape[2] == channels, where
    assert "self" in entry.load().makes or out["photo"].dtype == dtype, where
    for name in ("mask", "depth", "flow"):
        assert out[name].shape[:2] == shape[:2], f"{where}: {name}"
    if entry.spec.effect not in GEOMETRIC and not entry.load().expand.__qualname__.startswith(entry.load().__name__):
        for name in TARGETS:
            kind = FIELDS[name]["kind"]
            assert registry().load("kinds", kind)().equal(out[name], given[name]), f"{where}: {name} has moved"
        return
    if entry.spec.effect not in GEOMETRIC:
        return
    for name in ("boxes", "polygons", "lines"):
        x0, y0, x1, y1 = out[name].bounds() or (0.0, 0.0, 0.0, 0.0)
        assert x0 >= -1e-6 and y0 >= -1e-6 and x1 <= shape[1] + 1e-6 and y1 <= shape[0] + 1e-6, f"{where}: {name}"
    seen = out["keypoints"].xy[out["keypoints"].visibility > 0]
    assert ((seen >= -1e-6) & (seen <= (shape[1] + 1e-6, shape[0] + 1e-6))).all(), f"{where}: keypoints"
