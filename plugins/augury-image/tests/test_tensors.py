"""tv_tensors there and back, and torchvision's own idea of a flip as the oracle."""

import numpy as np
import pytest

from augury import pipeline
from augury.errors import FieldError

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms.v2 import functional  # noqa: E402

from augury_image.kinds.instances import Instance, Instances  # noqa: E402
from augury_image.tensors import ToTvTensors, from_tv_tensors  # noqa: E402

FIELDS = {
    "photo": "image",
    "mask": {"kind": "mask", "of": "photo"},
    "boxes": {"kind": "boxes", "of": "photo"},
    "turned": {"kind": "oriented_boxes", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo"},
}


@pytest.fixture
def record():
    """One of each kind on a picture 48 wide and 32 high."""
    pipe = pipeline(["image.flip"], FIELDS)
    return {name: spec.kind.samples()[0] for name, spec in pipe.schema.fields.items()}


def test_there_and_back(record):
    """What is turned into tensors and back is what it was; float32 is all that is lost of coordinates."""
    pipe = pipeline([{"image.flip": {"axis": "horizontal"}}], FIELDS)
    tensors = ToTvTensors(pipe.schema)(record)
    assert isinstance(tensors["photo"], tv_tensors.Image) and tensors["photo"].shape == (3, 32, 48)
    again = pipe.schema.check(from_tv_tensors(tensors))
    assert np.array_equal(again["photo"], record["photo"]) and np.array_equal(again["mask"], record["mask"])
    assert again["boxes"] == record["boxes"] and again["boxes"].labels == ("cat", "dog")
    assert np.allclose(again["turned"].cxcywha, record["turned"].cxcywha)
    assert np.array_equal(again["points"].visibility, record["points"].visibility)


def test_a_flip_is_torchvisions(record):
    """Tensors of our flip are torchvision's flip of the tensors."""
    pipe = pipeline([{"image.flip": {"axis": "horizontal"}}], FIELDS)
    convert = ToTvTensors(pipe.schema)
    ours, before = convert(pipe(record)), convert(record)
    for name in ("photo", "mask", "boxes", "points"):
        theirs = functional.horizontal_flip(before[name])
        assert type(ours[name]) is type(theirs)
        assert torch.allclose(ours[name].float(), theirs.float()), name
    corners = [
        functional.convert_bounding_box_format(t, new_format="XYXYXYXY").reshape(-1, 4, 2).numpy()
        for t in (ours["turned"], functional.horizontal_flip(before["turned"]))
    ]
    for a, b in zip(*corners, strict=True):
        assert np.allclose(sorted(a.tolist()), sorted(b.tolist()), atol=1e-3)


def test_labels_become_places_among_the_classes(record):
    """Names become numbers in the order of the classes; an unknown one is named."""
    schema = pipeline(["image.flip"], FIELDS).schema
    tensors = ToTvTensors(schema, ("dog", "cat", "ship", "plane"))(record)
    assert tensors["boxes_labels"].tolist() == [1, 0] and tensors["turned_labels"].tolist() == [2, 3]
    with pytest.raises(FieldError, match="cat"):
        ToTvTensors(schema, ("dog",))(record)


def test_instances_are_what_detection_models_take():
    """Boxes, labels and masks of one image, as torchvision's Mask R-CNN takes them; an empty image has none."""
    fields = {"photo": "image", "things": {"kind": "instances", "of": "photo"}}
    schema = pipeline(["image.flip"], fields).schema
    ring = (4.0, 4.0, 20.0, 4.0, 20.0, 20.0, 4.0, 20.0)
    things = Instances((Instance("cat", (4.0, 4.0, 20.0, 20.0), (ring,)),))
    photo = np.zeros((64, 64, 3), np.uint8)
    target = ToTvTensors(schema, ("background", "cat"))({"photo": photo, "things": things})["things"]
    assert target["masks"].shape == (1, 64, 64) and target["masks"].sum() == 256
    assert target["labels"].tolist() == [1] and target["boxes"].tolist() == [[4, 4, 20, 20]]
    empty = ToTvTensors(schema)({"photo": photo, "things": Instances(())})["things"]
    assert empty["boxes"].shape == (0, 4)
