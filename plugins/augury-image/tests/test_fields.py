"""Dense fields: a wave moves pictures, masks, points and outlines alike; a third party's elastic op needs no more."""

import numpy as np

from augury.effects import Curve, Field, Warp
from augury.spaces.plane import PlaneSegment, PlaneSize
from augury_image.kinds.boxes import BoxesKind
from augury_image.kinds.image import Image
from augury_image.kinds.keypoints import KeypointsKind
from augury_image.kinds.mask import Mask
from augury_image.kinds.polygons import PolygonsKind

SIZE = PlaneSize(200, 260, 1)


def wave(size, amplitude):
    """Source points of a wavy shift: what an elastic op would build."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32) + 0.5
    return np.stack([x + amplitude * np.sin(y / 20), y + amplitude * np.cos(x / 25)], axis=2)


def negative(x):
    """Return the negative."""
    return 1.0 - x


def waved(fill=0.0):
    """A segment with the wave pending."""
    segment = PlaneSegment(SIZE)
    assert segment.push(Field(wave, {"amplitude": 5.0}, (200, 260), fill=fill))
    return segment


def disc(x, y, radius):
    """A disc on black."""
    v, u = np.mgrid[0 : SIZE.height, 0 : SIZE.width] + 0.5
    return ((u - x) ** 2 + (v - y) ** 2 < radius**2).astype(np.uint8)


def test_a_field_takes_tones_and_warps():
    """Curves and a warp run after it in the same segment; tones before it end the segment."""
    segment = waved(fill=0.25)
    assert segment.push(Curve(negative))
    out = Image().render(np.full((200, 260, 1), 255, np.uint8), segment)
    assert out[100, 130, 0] == 0 and out[94, 0, 0] == 191
    assert segment.push(Warp((1.0, 0, 3.5, 0, 1.0, 0, 0, 0, 1.0), (200, 260)))
    toned = PlaneSegment(SIZE)
    assert toned.push(Curve(negative))
    assert not toned.push(Field(wave, {"amplitude": 5.0}, (200, 260)))


def test_points_and_masks_lie_where_their_pixels_are():
    """The centre of a waved disc is the followed point; the mask is the picture's own shape."""
    kind, mask = KeypointsKind(), Mask()
    for x, y in ((60.0, 50.0), (130.5, 101.25), (200.0, 160.0)):
        spot = disc(x, y, 8)
        segment = waved()
        shown = Image().render(spot[:, :, None] * 255, segment)[:, :, 0].astype(float)
        where = segment.map()
        moved = kind.close(kind.follow(kind.open(kind.check([[x, y]]), SIZE), where), SIZE)
        v, u = np.mgrid[0:200, 0:260] + 0.5
        centre = (shown * u).sum() / shown.sum(), (shown * v).sum() / shown.sum()
        np.testing.assert_allclose(moved.xy[0], centre, atol=0.35)
        followed = mask.follow(mask.open(spot, SIZE), where)
        assert np.mean((followed > 0) != (shown > 127)) < 0.002


def test_outlines_bend_and_boxes_bound_them():
    """A polygon is followed point by point along its edges; a box becomes the bound of the bent one."""
    square = [[50.0, 60.0], [180.0, 60.0], [180.0, 140.0], [50.0, 140.0]]
    picture = np.zeros((200, 260, 1), np.uint8)
    picture[60:140, 50:180] = 255
    segment = waved()
    shown = Image().render(picture, segment)[:, :, 0] > 127
    where = segment.map()
    ys, xs = np.nonzero(shown)
    boxes = BoxesKind()
    box = boxes.close(boxes.follow(boxes.open(boxes.check([[50, 60, 180, 140]]), SIZE), where), SIZE)
    np.testing.assert_allclose(box.xyxy[0], [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], atol=1.5)
    polygons = PolygonsKind()
    outline = polygons.close(polygons.follow(polygons.open(polygons.check([square]), SIZE), where), SIZE)
    ring = outline.objects[0][0]
    area = 0.5 * abs(np.dot(ring[:, 0], np.roll(ring[:, 1], 1)) - np.dot(ring[:, 1], np.roll(ring[:, 0], 1)))
    assert len(ring) == 32 and abs(area - shown.sum()) < 60
