"""A transform for Hugging Face datasets."""

import numpy as np
import pytest

from augury import pipeline
from augury.errors import AuguryError
from augury.torch import BatchTransform

datasets = pytest.importorskip("datasets")
pytest.importorskip("augury_image")


@pytest.fixture
def rows():
    """Four pictures with names and labels."""
    from PIL import Image

    pictures = [Image.fromarray(np.full((8, 9, 3), 90 + 10 * i, np.uint8)) for i in range(4)]
    columns = {"name": list("abcd"), "image": pictures, "label": [0, 1, 0, 1]}
    return datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())


def test_rows_are_augmented_when_read(rows):
    """One row, a slice and another order give the same rows; columns outside the schema pass through."""
    pipe = pipeline([{"image.brightness": {}}], {"image": "image"})
    transform = BatchTransform(pipe, id="name", seed=3)
    rows.set_transform(transform)
    whole = rows[:]
    assert whole["label"] == [0, 1, 0, 1] and whole["image"][0].shape == (8, 9, 3)
    assert all(np.array_equal(rows[i]["image"], whole["image"][i]) for i in range(4))
    assert np.array_equal(rows.select([3, 0])[:]["image"][1], whole["image"][0])
    expected = pipe({"image": np.full((8, 9, 3), 110, np.uint8)}, seed=3, id="c", copy=0)
    assert np.array_equal(whole["image"][2], expected["image"])
    transform.set_epoch(1)
    assert not np.array_equal(rows[2]["image"], whole["image"][2])


def test_views_are_lists(rows):
    """Two views of each row, for contrastive learning."""
    pipe = pipeline([{"image.brightness": {}}], {"image": "image"})
    rows.set_transform(BatchTransform(pipe, id="name", views=2))
    one, two = rows[1]["image"]
    assert not np.array_equal(one, two) and rows[1]["name"] == ["b", "b"]


def test_rows_without_a_name_are_refused(rows):
    """Without one, a row's draws would depend on its place in a batch."""
    pipe = pipeline(["image.flip"], {"image": "image"})
    rows.set_transform(BatchTransform(pipe))
    with pytest.raises(AuguryError, match="column that names rows"):
        _ = rows[0]
