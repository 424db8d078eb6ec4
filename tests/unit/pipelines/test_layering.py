"""Layers: where each source's targets go, and what covers them."""

from augury.effects import SELF, Layer, Layers
from augury.pipelines.layering import _parts
from augury.spaces import geometry as geo
from augury.spaces.plane import PlaneSize

SIZE = PlaneSize(20, 20)
RIGHT_HALF = ((10.0, 0.0), (20.0, 0.0), (20.0, 20.0), (10.0, 20.0))


def _seen(layers):
    """Return the visible area of the record's own canvas under the layers after it."""
    where = _parts(Layers((20, 20), layers), SIZE, [PlaneSize(20, 5)], SIZE)[0].where
    return sum(map(geo.area, where.visible(geo.rectangle(20, 20))))


def test_a_layer_hides_its_region_only_as_far_as_its_source_reaches():
    """A donor 5 wide placed at x = 10 covers 5 columns of a region of 10; a plain colour covers all of it."""
    at_ten = geo.translation(10, 0)
    assert _seen((Layer(SELF), Layer(0, at_ten, RIGHT_HALF))) == 300
    assert _seen((Layer(SELF), Layer(None, region=RIGHT_HALF))) == 200
    assert _seen((Layer(SELF), Layer(0, at_ten))) == 300


def test_faint_layers_hide_nothing_unless_they_say_so():
    """Below half opacity targets stay; ``hides`` overrules it."""
    assert _seen((Layer(SELF), Layer(None, region=RIGHT_HALF, alpha=0.4))) == 400
    assert _seen((Layer(SELF), Layer(None, region=RIGHT_HALF, alpha=0.4, hides=True))) == 200
