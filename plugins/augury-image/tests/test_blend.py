"""blend: chains from one picture, averaged by drawn shares."""

import numpy as np
import pytest

import augury
from augury.errors import DataError, RecipeError

PHOTO = {"photo": "image"}


def grey(value):
    """A small picture of one value."""
    return {"photo": np.full((8, 12, 3), value, np.uint8)}


def run(blend, record, fields=PHOTO, copies=200):
    """Yield outputs of one blend."""
    pipe = augury.pipeline([{"blend": blend}], fields=fields)
    for copy in range(copies):
        yield pipe(record, seed=1, id="a", copy=copy)


def test_the_average_lies_between_and_its_shares_are_uniform():
    """One chain that whitens: the result is the drawn share, which is uniform for a concentration of 1."""
    white = {"image.brightness": {"shift_range": [1.0, 1.0]}}
    shares = [out["photo"].mean() / 255 for out in run([white], grey(0))]
    assert min(shares) < 0.05 and max(shares) > 0.95
    assert abs(np.mean(shares) - 0.5) < 0.07
    assert abs(np.var(shares) - 1 / 12) < 0.025


def test_every_chain_starts_from_the_record():
    """Two inversions one after the other would give the record back; side by side they do not."""
    steps = [{"image.invert": {"name": "one"}}, {"image.invert": {"name": "two"}}]
    values = {int(out["photo"][0, 0, 0]) for out in run(steps, grey(0), copies=20)}
    assert max(values) > 60
    assert len(values) > 10


def test_a_large_concentration_gives_equal_shares():
    """Shares near 1/n, half of it the picture: white, black and the grey between meet in the middle."""
    white, black = ({"image.brightness": {"shift_range": [v, v], "name": n}} for v, n in ((1.0, "w"), (-1.0, "b")))
    blend = {"steps": [white, black], "concentration": 100.0}
    for out in run(blend, grey(128), copies=20):
        assert abs(int(out["photo"][0, 0, 0]) - 128) < 30
        assert [s["path"] for s in out.lineage["steps"]] == ["blend#0/w", "blend#0/b"]


def test_it_replays_and_gates():
    """A lineage rebuilds the bytes; with p 0 nothing runs; inserting a step before changes no share."""
    steps = ["image.invert", {"sequence": ["image.rotate", "image.gamma"]}]
    record = {"photo": np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)}
    pipe = augury.pipeline([{"blend": steps}], fields=PHOTO)
    out = pipe(record, seed=4, id="x", copy=3)
    np.testing.assert_array_equal(pipe.replay(record, out.lineage)["photo"], out["photo"])
    off = augury.pipeline([{"blend": {"steps": steps, "p": 0.0}}], fields=PHOTO)(record, seed=4, id="x", copy=3)
    assert off["photo"] is record["photo"]
    before = augury.pipeline([{"image.flip": {"p": 0.0}}, {"blend": steps}], fields=PHOTO)
    np.testing.assert_array_equal(before(record, seed=4, id="x", copy=3)["photo"], out["photo"])
    assert (
        augury.pipeline([{"blend": {"steps": steps, "concentration": 2.0}}], fields=PHOTO).fingerprint
        != pipe.fingerprint
    )


def test_targets_stay_or_are_left_out():
    """Colours leave boxes in place; moving chains are refused, or drop what says so."""
    boxes = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}}
    record = grey(9) | {"boxes": [[1, 1, 5, 5]]}
    out = next(run(["image.invert"], record, boxes))
    np.testing.assert_array_equal(out["boxes"].xyxy, [[1, 1, 5, 5]])
    with pytest.raises(RecipeError, match=r"leave boxes in place.*on_unmoved: drop"):
        next(run(["image.rotate"], record, boxes))
    dropping = {"photo": "image", "boxes": {"kind": "boxes", "of": "photo", "on_unmoved": "drop"}}
    assert "boxes" not in next(run(["image.rotate"], record, dropping))


@pytest.mark.parametrize("step", ["image.mixup", "image.normalize"])
def test_what_cannot_be_averaged_is_refused(step):
    """Donors and conversions have no place in a blend."""
    fields = {"photo": "image", "label": {"kind": "category", "role": "label"}}
    with pytest.raises(RecipeError, match="take it out of the blend"):
        augury.pipeline([{"blend": [step]}], fields=fields)


def test_chains_keep_the_size():
    """A chain that crops is refused by the record, with the sizes."""
    with pytest.raises(DataError, match=r"keep the size \(8, 12, 3\)"):
        next(run(["image.crop"], grey(1)))
