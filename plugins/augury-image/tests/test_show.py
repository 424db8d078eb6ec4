"""What previews are given of images and of what lies on them."""

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from augury.views import Cover, Outline, Spot
from augury_image.kinds.boxes import BoxesKind
from augury_image.kinds.image import Image, RawImage
from augury_image.kinds.keypoints import KeypointsKind
from augury_image.kinds.mask import Mask
from augury_image.kinds.oriented import OrientedBoxesKind
from augury_image.kinds.polygons import PolygonsKind
from augury_image.show import LONGEST_SIDE


def pixels(data):
    """Decode with another library."""
    return np.asarray(PillowImage.open(io.BytesIO(data)))


@pytest.mark.parametrize("channels", [1, 3])
def test_small_picture_is_exact(channels):
    """A small picture is kept pixel for pixel."""
    image = np.random.default_rng(1).integers(0, 256, (20, 30, channels), dtype=np.uint8)
    view = Image().show(image)
    assert (view.media_type, view.width, view.height) == ("image/png", 30, 20)
    assert np.array_equal(pixels(view.data).reshape(image.shape), image)


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65535), (np.float32, 1.0)])
def test_other_dtypes(dtype, white):
    """White is white in every dtype, half is half."""
    image = np.zeros((2, 3, 3), dtype)
    image[0] = white
    image[1] = white / 2
    shown = pixels(Image().show(image).data)
    assert (shown[0] == 255).all() and (abs(shown[1].astype(int) - 127.5) <= 1).all()


def test_opacity_is_laid_on_white():
    """A see-through pixel shows white, an opaque one its colour."""
    image = np.zeros((1, 2, 4), np.uint8)
    image[0, 1] = (10, 20, 30, 255)
    assert pixels(Image().show(image).data)[0].tolist() == [[255, 255, 255], [10, 20, 30]]


def test_large_picture_is_made_small():
    """A large picture is encoded small, and measured as it was."""
    view = Image().show(np.full((1500, 3000, 3), 90, np.uint8))
    assert (view.width, view.height, view.media_type) == (3000, 1500, "image/jpeg")
    assert pixels(view.data).shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)


def test_raw_image_is_stretched():
    """The least value is black, the greatest white; a flat one is drawn without harm."""
    raw = np.linspace(-3, 5, 12, dtype=np.float32).reshape(3, 4, 1)
    shown = pixels(RawImage().show(raw).data)
    assert shown.min() == 0 and shown.max() == 255
    assert pixels(RawImage().show(np.full((2, 2, 1), 7, np.float32)).data).shape == (2, 2)


def test_mask_is_clear_where_background():
    """The background is see-through, labels are not and differ in colour."""
    mask = np.array([[0, 1, 2, 0]], np.uint8)
    [mark] = Mask().show(mask)
    assert isinstance(mark, Cover)
    shown = pixels(mark.data)[0]
    assert shown[:, 3].tolist()[::3] == [0, 0] and (shown[1:3, 3] > 0).all()
    assert shown[1, :3].tolist() != shown[2, :3].tolist()


def test_boxes():
    """A box is an outline around its corners, with its label."""
    kind = BoxesKind()
    [mark] = kind.show(kind.check([{"box": [1, 2, 5, 9], "label": "cat"}]))
    assert mark == Outline((((1.0, 2.0), (5.0, 2.0), (5.0, 9.0), (1.0, 9.0)),), "cat")


def test_oriented_boxes():
    """A box turned by a right angle is as high as it was wide."""
    kind = OrientedBoxesKind()
    [mark] = kind.show(kind.check([{"box": [10, 10, 8, 2, 90], "label": None}]))
    x, y = np.array(mark.rings[0]).T
    assert mark.label == "" and np.ptp(x) == pytest.approx(2) and np.ptp(y) == pytest.approx(8)


def test_polygons():
    """Every ring of an object belongs to one mark."""
    kind = PolygonsKind()
    rings = [[[0, 0], [4, 0], [0, 4]], [[5, 5], [9, 5], [5, 9]]]
    [mark] = kind.show(kind.check([{"polygon": rings, "label": "a"}]))
    assert len(mark.rings) == 2 and mark.rings[1][0] == (5.0, 5.0)


def test_keypoints():
    """Points that are gone are not drawn; covered ones are faint."""
    kind = KeypointsKind()
    shown = kind.show(kind.check([(1, 2, 2), (3, 4, 1), (0, 0, 0)]))
    assert shown == [Spot(1.0, 2.0, "", False), Spot(3.0, 4.0, "", True)]
