"""image.phash: its hash is the field's, copies by compression, size and crop are near, others are not."""

import io
from itertools import combinations

import cv2
import imagehash
import numpy as np
import pytest
from PIL import Image
from skimage import data

from augury_image.near import Phash, frequencies, phash


@pytest.fixture(scope="module")
def photos():
    """Real photographs that a package ships, and quarters of them; no bare textures, which a crop makes others."""
    whole = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket(), data.immunohistochemistry(), data.retina()]
    whole += [np.repeat(f()[:, :, None], 3, axis=2) for f in (data.camera, data.coins, data.moon)]
    parts = [
        p[y : y + p.shape[0] // 2, x : x + p.shape[1] // 2]
        for p in whole
        for y in (0, p.shape[0] // 2)
        for x in (0, p.shape[1] // 2)
    ]
    return [np.ascontiguousarray(p) for p in whole + parts]


def jpeg(picture):
    """The picture through a JPEG of quality 40."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def half(picture):
    """The picture at half its size."""
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def crop(picture, at=0.5):
    """95 % of the sides, from the middle or another place."""
    height, width = picture.shape[:2]
    y, x = round(at * 0.05 * height), round(at * 0.05 * width)
    return np.ascontiguousarray(picture[y : y + round(0.95 * height), x : x + round(0.95 * width)])


ALTERED = {
    "jpeg": jpeg,
    "half": half,
    "crop": crop,
    "crop off the middle": lambda p: crop(p, 0.2),
    "darker": lambda p: (p * 0.8).astype(np.uint8),
    "grey": lambda p: cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[:, :, None],
    "16 bits": lambda p: p.astype(np.uint16) * 257,
    "all": lambda p: jpeg(half(crop(p, 0.7))),
}


def test_the_hash_is_imagehash_phash(photos):
    """On grey pictures of 32 x 32 pixels the bits are those of imagehash, but where a frequency is the median."""
    for photo in photos:
        small = cv2.resize(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
        wanted = imagehash.phash(Image.fromarray(small)).hash.ravel()
        bits = np.unpackbits(np.frombuffer(phash(frequencies(small[:, :, None] / np.float32(255))), np.uint8))
        assert np.count_nonzero(bits != wanted) <= 1


@pytest.mark.parametrize("how", ALTERED)
def test_copies_are_found(how, photos):
    """Of altered copies at least 95 % share a band with their original and are near it."""
    detector = Phash()
    sketches = [detector.sketch(photo, {}) for photo in photos]
    copies = [detector.sketch(ALTERED[how](photo), {}) for photo in photos]
    near = np.array(detector.similarity(sketches, copies, None)) >= detector.near
    bands = zip(detector.bands(sketches, 0.8, None), detector.bands(copies, 0.8, None), strict=True)
    assert np.mean(near & [bool(set(a) & set(b)) for a, b in bands]) >= 0.95


def test_others_are_not(photos):
    """At most one pair in a hundred of different photographs and their parts is near."""
    detector = Phash()
    pairs = list(combinations([detector.sketch(photo, {}) for photo in photos], 2))
    found = np.array(detector.similarity([a for a, _ in pairs], [b for _, b in pairs], None))
    assert np.mean(found >= detector.near) <= 0.01


def test_mirrored_and_blank_pictures(photos):
    """A mirrored photograph is another one; a blank picture is compared with none."""
    detector = Phash()
    one, two = detector.sketch(photos[0], {}), detector.sketch(np.ascontiguousarray(photos[0][:, ::-1]), {})
    assert detector.similarity([one], [two], None)[0] < detector.near
    assert detector.sketch(np.full((50, 60, 3), 200, np.uint8), {}) is None
