"""What the cleaners of pictures reject, and the tiles they cut, with the targets on them."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from augury.errors import ParamError
from augury.record import FieldSpec, Schema
from augury.spaces.plane import PlaneSize
from augury.testing.cleaners import Info
from augury.testing.materials import kind_of, running
from augury_image.cleaners import Blank, Blurry, Tiles, Valid, laplacian_variance

NOISE = np.random.Generator(np.random.Philox(key=2))


def reason(cleaner, image):
    """The reason of a verdict, or None."""
    verdict = cleaner.judge(image, None)
    return verdict and verdict.reason


def test_valid():
    """Sides and aspect, each at and beyond its bounds."""
    valid = Valid(side_px_range=(20, 200), max_aspect=4)

    def picture(height, width):
        return np.zeros((height, width, 3), np.uint8)

    assert reason(valid, picture(50, 200)) is None
    assert reason(valid, picture(19, 50)) == "too_small"
    assert reason(valid, picture(50, 201)) == "too_large"
    assert reason(valid, picture(20, 81)) == "aspect"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_blank(dtype):
    """One colour is blank, with noise too; a thin line, or one colour beside another as light, is not."""
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1.0}[dtype]
    plain = np.full((300, 400, 3), full * 0.6, dtype)
    assert reason(Blank(), plain) == "blank"
    noisy = np.clip(plain + NOISE.normal(0, 0.02 * full, plain.shape), 0, full).astype(dtype)
    assert reason(Blank(), noisy) == "blank"
    line = plain.copy()
    line[150:152, 100:200] = 0
    assert reason(Blank(), line) is None
    two = plain.copy()
    two[:, :200] = [0, full * 0.6, full * 0.6]
    assert reason(Blank(), two) is None
    hidden = np.concatenate([two, np.zeros((300, 400, 1), dtype)], axis=2)
    assert reason(Blank(), hidden) == "blank"


def test_sharpness_is_the_variance_of_the_laplacian():
    """The measure is that of SciPy's Laplacian of the same luma, and falls as a picture is blurred."""
    image = NOISE.integers(0, 256, (60, 80, 3)).astype(np.uint8)
    luma = image.astype(float) @ [0.299, 0.587, 0.114]
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float)
    assert laplacian_variance(image, 512) == pytest.approx(
        ndimage.convolve(luma, kernel, mode="reflect").var(), rel=1e-4
    )
    image = cv2.resize(image, (640, 480), interpolation=cv2.INTER_CUBIC)
    measured = [laplacian_variance(cv2.GaussianBlur(image, (0, 0), s), 512) for s in (0.5, 1, 2, 4, 8)]
    assert measured == sorted(measured, reverse=True)
    assert reason(Blurry(sharpness=measured[2]), cv2.GaussianBlur(image, (0, 0), 4)) == "blurry"
    assert reason(Blurry(sharpness=measured[2]), cv2.GaussianBlur(image, (0, 0), 1)) is None


def test_large_pictures_are_judged_as_small_ones():
    """Enlarged four times, a picture's sharpness hardly changes: it is measured at one size."""
    small = cv2.GaussianBlur(NOISE.integers(0, 256, (384, 512, 3)).astype(np.uint8), (0, 0), 2)
    large = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    assert laplacian_variance(large, 512) == pytest.approx(laplacian_variance(small, 512), rel=0.35)


def tiles(height, width, **params):
    """(top, left, height, width) of every tile, or None where the picture is left whole."""
    cleaner, info = Tiles(**params), SimpleNamespace(size=PlaneSize(height, width))
    count = cleaner.pieces(None, info)
    if count is None:
        return None
    effects = [cleaner.effect(i, info) for i in range(count)]
    return [(-e.matrix[5], -e.matrix[2], *e.size) for e in effects]


def test_tiles_at_the_edge():
    """The rest is covered by tiles moved back, by tiles with black after it, or left out; short sides are short."""
    assert tiles(10, 10, size=[10, 10]) is None
    assert tiles(10, 25, size=[10, 10]) == [(0, 0, 10, 10), (0, 10, 10, 10), (0, 15, 10, 10)]
    assert tiles(10, 25, size=[10, 10], edge="pad")[-1] == (0, 20, 10, 10)
    assert tiles(10, 25, size=[10, 10], edge="drop") == [(0, 0, 10, 10), (0, 10, 10, 10)]
    assert tiles(6, 25, size=[10, 10])[0] == (0, 0, 6, 10)
    assert tiles(6, 25, size=[10, 10], edge="drop") == []
    assert tiles(10, 16, size=[10, 10], overlap_px=[0, 4]) == [(0, 0, 10, 10), (0, 6, 10, 10)]


@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    tile=st.integers(4, 30),
    overlap=st.integers(0, 3),
    edge=st.sampled_from(["shift", "pad"]),
)
def test_tiles_leave_no_pixel_out(height, width, tile, overlap, edge):
    """Whatever the sizes, every pixel is on a tile, and no tile begins outside."""
    found = tiles(height, width, size=[tile, tile], overlap_px=[overlap, overlap], edge=edge)
    seen = np.zeros((height, width), bool)
    for y, x, h, w in found if found is not None else [(0, 0, height, width)]:
        assert 0 <= y < height
        assert 0 <= x < width
        seen[int(y) : int(y) + h, int(x) : int(x) + w] = True
    assert seen.all()


def test_targets_are_on_their_tiles():
    """A box drawn on the picture and on the mask is on the tile where its pixels are, cut as they are."""
    schema = Schema(
        [
            FieldSpec("photo", kind_of("image")),
            FieldSpec("mask", kind_of("mask"), ("of", "photo")),
            FieldSpec("boxes", kind_of("boxes"), ("of", "photo")),
        ]
    )
    picture, mask = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60), np.uint8)
    picture[5:15, 12:26], mask[5:15, 12:26] = 255, 1
    record = schema.check({"photo": picture, "mask": mask, "boxes": {"boxes": [[12, 5, 26, 15]], "labels": ["cell"]}})
    cleaner = Tiles(size=(20, 20))
    info = Info("photo", schema["photo"].kind, PlaneSize(40, 60), "a", record, None)
    assert cleaner.pieces(picture, info) == 6
    for piece in range(6):
        now = running(schema, record)
        now.push("photo", cleaner.effect(piece, info), ())
        out = now.finish()
        y, x = 20 * (piece // 3), 20 * (piece % 3)
        assert np.array_equal(out["photo"], picture[y : y + 20, x : x + 20])
        assert np.array_equal(np.squeeze(out["mask"]), mask[y : y + 20, x : x + 20])
        rows, columns = np.nonzero(mask[y : y + 20, x : x + 20])
        boxes = out["boxes"].xyxy
        if len(boxes):
            wanted = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert np.allclose(boxes[0], wanted)
        else:
            assert len(rows) <= 0.5 * 140


@pytest.mark.parametrize("params", [{"size": [0, 5]}, {"size": [8, 8], "overlap_px": [8, 0]}, {"overlap_px": [0, -1]}])
def test_bad_tiles_are_refused(params):
    """Tiles without pixels, and overlaps without a step, say what was expected."""
    with pytest.raises(ParamError, match=r"expected .*Fix:"):
        Tiles(**params)
