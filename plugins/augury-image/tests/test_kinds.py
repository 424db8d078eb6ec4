"""What users hold is accepted; what they cannot mean is refused with the fix."""

import numpy as np
import pytest
from PIL import Image as PIL

from augury.errors import FieldError
from augury_image import Boxes, Keypoints, OrientedBoxes, Polygons
from augury_image.kinds.boxes import BoxesKind
from augury_image.kinds.image import Image, RawImage
from augury_image.kinds.keypoints import KeypointsKind
from augury_image.kinds.mask import Mask
from augury_image.kinds.oriented import OrientedBoxesKind
from augury_image.kinds.polygons import PolygonsKind


def test_images_of_all_forms():
    """Grey arrays, other memory orders, floats, PIL images and files become the canonical array."""
    kind = Image()
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert kind.check(grey).shape == (3, 4, 1)
    assert kind.check(np.asfortranarray(np.zeros((3, 4, 3), np.uint8))).flags.c_contiguous
    assert kind.check(np.full((2, 2, 3), 0.5)).dtype == np.float32
    np.testing.assert_array_equal(kind.check(PIL.fromarray(grey))[:, :, 0], grey)
    np.testing.assert_array_equal(kind.check(kind.pack(kind.check(grey)))[:, :, 0], grey)
    same = np.zeros((2, 2, 3), np.uint8)
    assert kind.check(same) is same


@pytest.mark.parametrize(
    "value, message",
    [
        (np.zeros((2, 2, 3), np.int64), "uint8, uint16 or float.*convert it"),
        (np.full((2, 2, 3), 255.0), r"floats in \[0, 1\], got values from 255 to 255.*divide by 255"),
        (np.full((2, 2, 3), np.nan), r"floats in \[0, 1\]"),
        (np.zeros((3, 20, 20), np.uint8), "transpose"),
        (np.zeros((1, 2, 2, 3), np.uint8), "height, width, channels"),
        ("photo.jpg", "an image, got str"),
        (None, "an image"),
    ],
)
def test_images_refused(value, message):
    """Each message names what came and the fix."""
    with pytest.raises(FieldError, match=message):
        Image().check(value)


def test_raw_images_hold_any_range_but_nan():
    """Normalised pictures are float32 of any finite range."""
    raw = RawImage().check(np.full((2, 2, 3), -7.5))
    assert raw.dtype == np.float32
    np.testing.assert_array_equal(RawImage().unpack(RawImage().pack(raw)), raw)
    with pytest.raises(FieldError, match="finite"):
        RawImage().check(np.full((2, 2, 3), np.inf))


def test_boxes_of_all_forms():
    """Arrays, lists, mappings of lists and lists of mappings mean the same."""
    kind = BoxesKind()
    want = Boxes(np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]]), ("a", "b"))
    rows = [[1, 2, 3, 4], [5, 6, 7, 8]]
    forms = [
        {"boxes": rows, "labels": ["a", "b"]},
        {"bboxes": np.array(rows), "labels": np.array(["a", "b"])},
        [{"bbox": rows[0], "label": "a"}, {"bbox": rows[1], "label": "b"}],
        kind.pack(want),
        want,
    ]
    for form in forms:
        assert kind.check(form) == want
    assert kind.check(rows).labels == (None, None)
    assert len(kind.check([])) == 0 and len(kind.check(np.zeros((0, 4)))) == 0
    with pytest.raises(ValueError):
        kind.check(rows).xyxy[0, 0] = 5


@pytest.mark.parametrize("form", ["xywh", "cxcywh"])
def test_boxes_in_other_formats(form):
    """COCO's and YOLO's orders are read as said and kept on disk as said."""
    kind = BoxesKind(format=form)
    given = [[10.0, 20.0, 4.0, 6.0]]
    corners = {"xywh": [[10, 20, 14, 26]], "cxcywh": [[8, 17, 12, 23]]}[form]
    value = kind.check(given)
    np.testing.assert_allclose(value.xyxy, corners)
    np.testing.assert_allclose(kind.pack(value)[0]["box"], given[0])
    assert kind.unpack(kind.pack(value)) == value


@pytest.mark.parametrize(
    "value, message",
    [
        ([[1, 2, 3]], "4 numbers"),
        ([[5, 5, 1, 9]], r"left <= right.*format: xywh"),
        ([[0, 0, np.nan, 1]], "finite"),
        ({"boxes": [[0, 0, 1, 1]], "labels": ["a", "b"]}, "1 labels.*got 2"),
        ({"boxes": [[0, 0, 1, 1]], "labels": [1.5]}, "labels of text or whole numbers"),
        ({"rectangles": []}, "'boxes'"),
        ("boxes", "4 numbers"),
    ],
)
def test_boxes_refused(value, message):
    """Each message names what came and the fix."""
    with pytest.raises(FieldError, match=message):
        BoxesKind().check(value)


def test_whole_number_labels_are_kept_as_integers():
    """labels: integer keeps numbers on disk; text labels are then refused."""
    kind = BoxesKind(labels="integer")
    assert kind.pack(kind.check({"boxes": [[0, 0, 1, 1]], "labels": [3]}))[0]["label"] == 3
    with pytest.raises(FieldError, match="labels: text"):
        kind.pack(kind.check({"boxes": [[0, 0, 1, 1]], "labels": ["cat"]}))


def test_keypoints_of_all_forms():
    """Visibility is optional; entries of what was stored are read back."""
    kind = KeypointsKind()
    plain = kind.check([[1, 2], [3, 4]])
    assert plain.visibility.tolist() == [2, 2]
    coco = kind.check([[1, 2, 2], [3, 4, 1], [0, 0, 0]])
    assert coco.visibility.tolist() == [2, 1, 0]
    assert kind.unpack(kind.pack(coco)) == coco
    named = kind.check({"points": [[1, 2]], "labels": ["nose"]})
    assert named == Keypoints(named.xy, named.visibility, ("nose",))
    with pytest.raises(FieldError, match="visibility of 0, 1 or 2"):
        kind.check([[1, 2, 3]])
    with pytest.raises(FieldError, match="2 or 3 numbers"):
        kind.check([[1, 2, 3, 4]])


def test_polygons_of_all_forms():
    """Rings, flat rings as COCO has them, and objects of several rings."""
    kind = PolygonsKind()
    ring = [[0, 0], [4, 0], [4, 4]]
    for form in ([ring], [[0, 0, 4, 0, 4, 4]], [np.array(ring)], [[[0, 0, 4, 0, 4, 4]]], [[ring]]):
        value = kind.check(form)
        assert len(value) == 1 and len(value.objects[0]) == 1
        np.testing.assert_array_equal(value.objects[0][0], ring)
    two = kind.check({"polygons": [[ring, [[5, 5], [6, 5], [6, 6]]]], "labels": ["a"]})
    assert len(two.objects[0]) == 2 and kind.unpack(kind.pack(two)) == two
    with pytest.raises(FieldError, match="at least 3 points"):
        kind.check([[[0, 0], [1, 1]]])
    with pytest.raises(FieldError, match="pairs"):
        kind.check([[0, 0, 1, 1, 2]])
    assert isinstance(two, Polygons)


def test_oriented_boxes_bound_their_corners():
    """Corners follow the definition: anticlockwise as seen."""
    value = OrientedBoxesKind().check([[10, 10, 4, 2, 90]])
    assert isinstance(value, OrientedBoxes)
    np.testing.assert_allclose(value.corners()[0], [[9, 12], [9, 8], [11, 8], [11, 12]], atol=1e-9)
    np.testing.assert_allclose(value.bounds(), (9, 8, 11, 12))
    with pytest.raises(FieldError, match="sides of at least 0"):
        OrientedBoxesKind().check([[10, 10, -4, 2, 90]])


def test_masks_of_all_forms():
    """Booleans and wide integers are narrowed; labels out of range, colours and other sizes are refused."""
    from augury.spaces.plane import PlaneSize

    kind = Mask()
    assert kind.check(np.ones((2, 3), bool)).dtype == np.uint8
    assert kind.check(np.full((2, 3, 1), 300, np.int64)).dtype == np.uint16
    wide = kind.check(np.full((2, 3), 300, np.int32))
    np.testing.assert_array_equal(kind.unpack(kind.pack(wide)), wide)
    with pytest.raises(FieldError, match="0 to 65535"):
        kind.check(np.full((2, 3), -1))
    with pytest.raises(FieldError, match="several masks are several fields"):
        kind.check(np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(FieldError, match=r"a mask of 4 x 5.*got 2 x 3"):
        kind.open(wide, PlaneSize(4, 5, 3))


def test_raw_donors_of_other_channels_are_refused():
    """Normalised numbers are not turned from grey to colour."""
    grey, colour = np.zeros((4, 4, 1), np.float32), np.zeros((4, 4, 3), np.float32)
    assert RawImage().conform(colour, colour) is colour
    with pytest.raises(FieldError, match="a donor of 1 channels, got 3"):
        RawImage().conform(colour, grey)
