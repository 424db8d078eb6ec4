"""Layers: whose targets come along, what covers them, whose label counts."""

import numpy as np
import pytest

import augury
from augury.catalog import add_local, local_ops
from augury.effects import SELF, Layer, Layers
from augury.functions import LocalOpSpec
from augury.op import Op
from augury.spaces import geometry as geo

pytest.importorskip("augury_image")

LEFT, RIGHT = geo.rectangle(16, 20), geo.transform(geo.translation(16, 0), geo.rectangle(16, 20))


class Over(Op):
    """Compose by the given layers."""

    on = "image"
    donors = 1
    makes = {"label": "distribution"}

    case: str = "self only"

    def effect(self, draw, info):
        """Return the layers."""
        return Layers((20, 32), LAYERS[self.case])


LAYERS = {
    "donor only": (Layer(0),),
    "self only": (Layer(SELF),),
    "halves": (Layer(SELF), Layer(0, region=RIGHT)),
    "no targets": (Layer(SELF, targets=False), Layer(0, targets=False, region=RIGHT)),
    "hole": (Layer(SELF), Layer(None, region=LEFT)),
    "faint": (Layer(SELF, alpha=1.0), Layer(0, alpha=0.25)),
    "weighted": (Layer(SELF, weight=3.0), Layer(0, alpha=0.5, weight=1.0)),
    "moved": (Layer(SELF, place=geo.translation(4, 0)),),
}
FIELDS = {
    "photo": "image",
    "boxes": {"kind": "boxes", "of": "photo"},
    "note": {"kind": "number", "of": "photo", "on_unmoved": "drop"},
    "label": {"kind": "category", "role": "label"},
}
MINE = {"boxes": [[4, 4, 12, 12]], "labels": ["mine"]}
THEIRS = {"boxes": [[20, 4, 28, 12]], "labels": ["theirs"]}


@pytest.fixture(autouse=True)
def over():
    """Have the op for a test."""
    Over.entry_id = "image.over_test"
    with local_ops():
        add_local(LocalOpSpec("image.over_test", f"{__name__}:Over", "Compose.", "image", 1, "Layers", op=Over))
        yield


def _photo(value):
    return np.full((20, 32, 3), value, np.uint8)


def _run(case, record=None, donor=None):
    pipe = augury.pipeline([{"image.over_test": {"case": case}}], fields=FIELDS)
    record = {"photo": _photo(100), "boxes": MINE, "label": "cat", **(record or {})}
    other = {"photo": _photo(200), "boxes": THEIRS, "label": "dog", **(donor or {})}
    return pipe({k: v for k, v in record.items() if v is not None}, id="r", pool={"d": other})


def _labels(out):
    return sorted(out["boxes"].labels)


def test_targets_come_with_their_layers():
    """Each source's boxes come with its layer; those of a source that is not there do not."""
    assert _labels(_run("halves")) == ["mine", "theirs"]
    assert _labels(_run("self only")) == ["mine"]
    assert _labels(_run("donor only")) == ["theirs"]
    assert "boxes" not in _run("no targets")


def test_nothing_is_left_of_a_source_that_is_gone():
    """A donor without boxes that replaces the record leaves no box of the record behind."""
    out = _run("donor only", donor={"boxes": None})
    assert (out["photo"] == 200).all()
    assert "boxes" not in out


def test_donors_bring_targets_the_record_lacks():
    """A record without boxes gets those of its donor."""
    assert _labels(_run("halves", record={"boxes": None})) == ["theirs"]


def test_covers_hide_targets():
    """A hole over a box takes it away, as one over the other half does not."""
    assert _labels(_run("hole")) == []
    assert _labels(_run("hole", record={"boxes": THEIRS})) == ["theirs"]


def test_targets_move_with_their_place():
    """A box follows its layer's place."""
    (box,) = _run("moved")["boxes"].xyxy
    assert box == pytest.approx([8, 4, 16, 12])


def test_fields_that_cannot_follow_are_dropped():
    """A field with on_unmoved: drop is left out when its anchor is composed."""
    assert "note" not in _run("self only", record={"note": 3.0})


def test_labels_mix_by_what_is_seen():
    """The shares are the visible, weighted areas, or the weights the layers say."""
    assert _run("halves")["label"] == pytest.approx({"cat": 0.5, "dog": 0.5})
    assert _run("faint")["label"] == pytest.approx({"cat": 0.75, "dog": 0.25}, abs=0.01)
    assert _run("weighted")["label"] == pytest.approx({"cat": 0.75, "dog": 0.25})
    assert _run("donor only")["label"] == {"dog": 1.0}
    assert _run("hole")["label"] == {"cat": 1.0}


def test_a_donor_without_a_label_is_refused():
    """A label that is not known cannot be mixed in."""
    with pytest.raises(augury.errors.DataError, match="'d'"):
        _run("halves", donor={"label": None})
