"""Near-duplicates and cleaners of real pictures: photographs, and blood smears that all look alike."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from augury.errors import FieldError
from augury_image.cleaners import Blank, Blurry, laplacian_variance
from augury_image.kinds.image import Image as ImageKind
from augury_image.near import Phash

pytestmark = pytest.mark.real
FOLDERS = {"photographs": ("coco_mini_cc", "coco128_masks_cc"), "smears": ("bccd",)}


@pytest.fixture(scope="module", params=FOLDERS)
def pictures(request, real_data):
    """Some hundred pictures of one sort."""
    paths = sorted(p for name in FOLDERS[request.param] for p in (real_data / name).rglob("*.jpg"))
    found = [ImageKind(mode="rgb").unpack(path.read_bytes()) for path in paths]
    assert len(found) > 90
    return found


def jpeg(picture):
    """The picture through a JPEG of quality 40."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def half(picture):
    """The picture at half its size."""
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def crop(picture, place):
    """95 % of the sides; ``place`` in [0, 1] is where."""
    height, width = picture.shape[:2]
    y, x = round(place[0] * 0.05 * height), round(place[1] * 0.05 * width)
    return np.ascontiguousarray(picture[y : y + round(0.95 * height), x : x + round(0.95 * width)])


ALTERED = {
    "same": lambda p, at: p,
    "jpeg q40": lambda p, at: jpeg(p),
    "half size": lambda p, at: half(p),
    "crop 5 %, middle": lambda p, at: crop(p, (0.5, 0.5)),
    "crop 5 %, anywhere": crop,
    "crop, half, jpeg": lambda p, at: jpeg(half(crop(p, at))),
}


def test_recall_and_false_joins(pictures):
    """Of copies at least 95 % are found (exact ones all), of other pairs at most 0.1 % are joined."""
    detector = Phash()
    sketches = [detector.sketch(p, {}) for p in pictures]
    bands = [set(b) for b in detector.bands(sketches, detector.near, None)]
    first, second = np.triu_indices(len(pictures), 1)
    similar = np.array(detector.similarity([sketches[i] for i in first], [sketches[i] for i in second], None))
    joined = np.mean(similar >= detector.near)
    print(f"\n{len(pictures)} pictures: {joined:.5%} of {len(similar)} other pairs joined")
    assert joined <= 0.001
    places = np.random.Generator(np.random.Philox(key=1)).random((len(pictures), 2))
    for how, change in ALTERED.items():
        copies = [detector.sketch(change(p, at), {}) for p, at in zip(pictures, places, strict=True)]
        near = np.array(detector.similarity(sketches, copies, None)) >= detector.near
        shared = [bool(a & set(b)) for a, b in zip(bands, detector.bands(copies, detector.near, None), strict=True)]
        recall = np.mean(near & shared)
        print(f"{how:20} {recall:.1%} found")
        assert recall >= (1.0 if how == "same" else 0.95)


def test_cleaners_on_real_pictures(pictures):
    """No real picture is blank; blurring each by 4 pixels makes nearly all of them blurry, and every one less sharp."""
    assert not any(Blank().judge(p, None) for p in pictures)
    blurred = [cv2.GaussianBlur(p, (0, 0), 4) for p in pictures]
    sharp = np.mean([Blurry().judge(p, None) is None for p in pictures])
    print(f"\n{sharp:.0%} sharp enough by default")
    assert np.mean([Blurry().judge(p, None) is not None for p in blurred]) > 0.9
    assert all(laplacian_variance(b, 512) < laplacian_variance(p, 512) for b, p in zip(blurred, pictures, strict=True))


def test_files_cut_short_never_reach_a_cleaner(real_data):
    """A JPEG that ends early is refused where it is decoded: what a cleaner sees is whole."""
    data = next((real_data / "bccd").rglob("*.jpg")).read_bytes()
    with pytest.raises(FieldError):
        ImageKind().unpack(data[: len(data) // 2])
