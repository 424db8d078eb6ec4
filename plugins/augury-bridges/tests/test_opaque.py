"""Opaque effects that move things: targets follow what the effect tells, or are refused."""

import numpy as np
import pytest

import augury
from augury.catalog import add_local, local_ops
from augury.effects import Opaque, Warp
from augury.errors import DataError, RecipeError
from augury.functions import LocalOpSpec
from augury.op import Op

FIELDS = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}


@pytest.fixture(autouse=True)
def fresh():
    """Forget the ops of a test after it."""
    with local_ops():
        yield


def halve(image):
    """Keep the left half."""
    return np.ascontiguousarray(image[:, : image.shape[1] // 2])


def left_half(image):
    """Tell of `halve`."""
    return Warp((1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), (image.shape[0], image.shape[1] // 2))


def cannot_tell(image):
    """Tell nothing."""
    return None


def whole(image):
    """Tell a size that `halve` does not make."""
    return Warp((1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), image.shape[:2])


def step(where):
    """Register an op that halves and tells of it by ``where``."""

    class Halve(Op):
        on = "image"

        def effect(self, draw, info):
            return Opaque(halve, where)

    Halve.entry_id = "image.halve_test"
    add_local(LocalOpSpec("image.halve_test", "here:Halve", "Halve.", "image", 1, "Opaque", op=Halve))
    return ["image.halve_test"]


def record():
    """An image 8 wide with a box across its middle."""
    return {"photo": np.full((4, 8, 3), 9, np.uint8), "boxes": {"boxes": [[2, 1, 6, 3]], "labels": ["a"]}}


def test_targets_follow_what_it_tells():
    """A box is cut where the told map says; the size is that of the new value."""
    out = augury.pipeline(step(left_half), fields=FIELDS)(record(), seed=1, id="a")
    assert out["photo"].shape == (4, 4, 3)
    assert out["boxes"].xyxy.tolist() == [[2, 1, 4, 3]]


def test_targets_are_refused_where_it_cannot_tell():
    """A record with targets is refused, one without runs."""
    pipe = augury.pipeline(step(cannot_tell), fields=FIELDS)
    with pytest.raises(DataError, match="a step that boxes can follow, got one that cannot tell where it goes"):
        pipe(record(), seed=1, id="a")
    assert pipe({"photo": record()["photo"]}, seed=1, id="a")["photo"].shape == (4, 4, 3)


def test_targets_are_dropped_where_the_field_says_so():
    """With on_unmoved: drop the target is left out."""
    fields = {**FIELDS, "boxes": {"kind": "boxes", "of": "photo", "on_unmoved": "drop"}}
    assert set(augury.pipeline(step(cannot_tell), fields=fields)(record(), seed=1, id="a")) == {"photo"}


def test_a_wrong_size_is_an_error():
    """What it tells must have the size of what it makes."""
    with pytest.raises(RecipeError, match="a value of the size"):
        augury.pipeline(step(whole), fields=FIELDS)(record(), seed=1, id="a")


def test_captions_are_mirrored_by_what_it_tells():
    """A coupling is shown the told map, not the opaque effect."""

    def mirrored(image):
        return Warp((-1.0, 0, 8.0, 0, 1.0, 0, 0, 0, 1.0), image.shape[:2])

    class Mirror(Op):
        on = "image"

        def effect(self, draw, info):
            return Opaque(lambda image: np.ascontiguousarray(image[:, ::-1]), mirrored)

    Mirror.entry_id = "image.mirror_test"
    add_local(LocalOpSpec("image.mirror_test", "here:Mirror", "Mirror.", "image", 1, "Opaque", op=Mirror))
    pipe = augury.pipeline(["image.mirror_test"], fields={"photo": "image", "text": {"kind": "text", "about": "photo"}})
    out = pipe({"photo": record()["photo"], "text": "A cat to the left of a dog."}, seed=1, id="a")
    assert out["text"] == "A cat to the right of a dog."
