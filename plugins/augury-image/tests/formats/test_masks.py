"""Masks in, masks out: numbers and palette."""

import numpy as np
from PIL import Image


def test_numbers_follow_and_the_palette_stays(tmp_path, picture, five_lines):
    """A mirrored mask is the mask, mirrored, in the same colours; originals keep their bytes."""
    base = tmp_path / "data"
    picture(base / "images" / "train" / "a.jpg", 20, 30)
    picture(base / "images" / "train" / "plain.jpg", 20, 30)
    labels = np.zeros((20, 30), np.uint8)
    labels[3:9, 2:12], labels[10:, 20:] = 5, 255
    mask = Image.fromarray(labels)
    mask.putpalette([v for i in range(256) for v in (i, 255 - i, i // 2)])
    (base / "masks" / "train").mkdir(parents=True)
    mask.save(base / "masks" / "train" / "a.png")
    out = five_lines(tmp_path, "image_masks", steps=[{"image.flip": {"axis": "horizontal"}}], copies=2)
    (folder,) = (out / "data" / "data").glob("train-*")
    found = sorted((folder / "masks").iterdir())
    assert len(found) == 3 and len(list((folder / "images").iterdir())) == 6
    assert (folder / "masks" / "a.png").read_bytes() == (base / "masks" / "train" / "a.png").read_bytes()
    for path in found:
        with Image.open(path) as image:
            assert image.mode == "P" and image.getpalette() == mask.getpalette()
            expected = labels if path.name == "a.png" else labels[:, ::-1]
            assert np.array_equal(np.asarray(image), expected)
        assert (folder / "images" / path.name).exists() or (folder / "images" / f"{path.stem}.jpg").exists()
