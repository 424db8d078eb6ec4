"""Scenes drawn with numpy and scikit-image, so that what ops do to targets can be measured from pixels."""

import cv2
import numpy as np
import pytest
from skimage.draw import polygon2mask

cv2.setNumThreads(0)

FIELDS = {
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "turned": {"kind": "oriented_boxes", "of": "photo"},
    "outline": {"kind": "polygons", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo"},
    "mask": {"kind": "mask", "of": "photo"},
}


def drawn(outline, height, width, fine=4):
    """Return float (height, width) in [0, 1]: coverage of a polygon, by supersampling, edges in continuous pixels."""
    points = np.asarray(outline, float)[:, ::-1] * fine - 0.5
    big = polygon2mask((height * fine, width * fine), points)
    return big.reshape(height, fine, width, fine).mean(axis=(1, 3))


def disc(x, y, radius, height, width, fine=4):
    """Return float (height, width) in [0, 1]: coverage of a disc around a point in continuous pixels."""
    v, u = (np.mgrid[0 : height * fine, 0 : width * fine] + 0.5) / fine
    big = (u - x) ** 2 + (v - y) ** 2 < radius**2
    return big.reshape(height, fine, width, fine).mean(axis=(1, 3))


BOX = (90.0, 60.0, 170.0, 130.0)
TURNED = (190.0, 150.0, 90.0, 40.0, 25.0)
OUTLINE = [(60.0, 120.0), (140.0, 110.0), (150.0, 190.0), (110.0, 150.0), (70.0, 200.0)]
POINTS = [(120.0, 90.0), (200.0, 120.0), (160.0, 170.0)]


def turned_corners(cx, cy, w, h, angle_deg):
    """Corners of a box turned anticlockwise as seen (y points down), written out from the definition."""
    a = np.radians(angle_deg)
    along, down = np.array([np.cos(a), -np.sin(a)]), np.array([np.sin(a), np.cos(a)])
    middle = np.array([cx, cy])
    return [middle + sx * w / 2 * along + sy * h / 2 * down for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


@pytest.fixture
def scene():
    """A record of 320 x 240: one channel shows the box, one the turned box, one the outline, and one each point."""
    h, w = 240, 320
    x0, y0, x1, y1 = BOX
    layers = [
        drawn([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], h, w),
        drawn(turned_corners(*TURNED), h, w),
        drawn(OUTLINE, h, w),
        *(disc(x, y, 6.0, h, w) for x, y in POINTS),
    ]
    photo = np.rint(np.stack(layers, axis=2) * 255).astype(np.uint8)
    return {
        "photo": photo,
        "boxes": {"boxes": [BOX], "labels": ["box"]},
        "turned": {"boxes": [TURNED], "labels": ["turned"]},
        "outline": {"polygons": [OUTLINE], "labels": ["outline"]},
        "points": POINTS,
        "mask": (photo[:, :, 2] > 127).astype(np.uint8),
    }
