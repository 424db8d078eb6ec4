"""The catalogue of names: complete, true, and every id in it an op that takes the parameters it is named with."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from augury.catalog import registry
from augury.params import params_of

CATALOGUE = tomllib.loads(Path(__file__).parents[1].joinpath("catalogue.toml").read_text())
LIBRARIES = ("albumentations", "torchvision")
NAMED = [
    (library, name, part)
    for library in LIBRARIES
    for name, ours in CATALOGUE[library].items()
    if isinstance(ours, str)
    for part in ours.split(" + ")
]
ABSTRACT = {"BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform", "Transform3D"}
VOLUMES = re.compile(r".*3D$|CubicSymmetry")
NO_TRANSFORMS = {"AutoAugmentPolicy", "InterpolationMode"}


@pytest.mark.parametrize("library, name, part", NAMED, ids=lambda value: value.replace(" ", "_"))
def test_named_ops_take_their_parameters(library, name, part):
    """The id is registered, or pending, and each parameter beside it is one of the op's or a step's."""
    op_id, _, beside = part.partition(" ")
    if op_id in CATALOGUE["pending"]["ids"]:
        return
    op = registry().load("ops", op_id)
    known = {p.name for p in params_of(op)} | {"p"}
    for parameter in filter(None, beside.strip("()").split(", ")):
        assert parameter.partition(":")[0] in known, f"{name}: {op_id} has no parameter {parameter}"


def test_nothing_pending_is_registered():
    """What is written by now is taken off the list, and every pending id is named by some library."""
    pending = set(CATALOGUE["pending"]["ids"])
    assert not pending & set(registry().ids("ops")), "written by now: take them off the list"
    assert pending <= {part.split(" ")[0] for _, _, part in NAMED}


def test_every_transform_of_albumentations_is_named():
    """Each public 2-D transform of the installed release stands in the catalogue once."""
    peer = pytest.importorskip("albumentations")
    found = {
        n for n in dir(peer) if inspect.isclass(getattr(peer, n)) and issubclass(getattr(peer, n), peer.BasicTransform)
    }
    wanted = {n for n in found - ABSTRACT if not VOLUMES.fullmatch(n)}
    listed = CATALOGUE["albumentations"]
    assert {n for n in listed if n != "without"} | set(listed["without"]) == wanted
    assert not set(listed) & set(listed["without"])


def test_every_transform_of_torchvision_is_named():
    """Each class of transforms.v2 of the installed release stands in the catalogue once."""
    peer = pytest.importorskip("torchvision.transforms.v2")
    found = {n for n in dir(peer) if inspect.isclass(getattr(peer, n))} - ABSTRACT - NO_TRANSFORMS
    listed = CATALOGUE["torchvision"]
    assert {n for n in listed if n != "without"} | set(listed["without"]) == found
    assert not set(listed) & set(listed["without"])
