"""One function as a transform: parameters, keys, targets that follow, clear refusals."""

import json

import numpy as np
import pytest

import augury
from augury.catalog import local_ops
from augury.errors import AuguryError, ParamError

pytest.importorskip("augury_image")
pytest.importorskip("augury_text")
pytest.importorskip("augury_audio")


@pytest.fixture(autouse=True)
def fresh():
    """Forget the transforms of a test after it."""
    with local_ops():
        yield


def _define(id, fn, **options):
    assert augury.transform(id, **options)(fn) is fn


def test_an_image_function_is_an_op():
    """It has parameters, a keyed stream, a lineage and leaves the input alone."""

    def speckle(image, rng, *, strength: float = 0.5):
        """Add one speck."""
        out = image.copy()
        out[rng.integer(0, 7), rng.integer(0, 7)] = int(255 * strength)
        return out

    _define("image.speckle_test", speckle)
    pipe = augury.pipeline([{"image.speckle_test": {"strength": 1.0}}], fields={"photo": "image"})
    image = np.zeros((8, 8, 3), np.uint8)
    outs = [pipe({"photo": image}, id=str(i)) for i in range(20)]
    assert not image.any()
    assert all((out["photo"] == 255).sum() == 3 for out in outs)
    assert len({out["photo"].tobytes() for out in outs}) > 10
    again = pipe.replay({"photo": image}, json.loads(json.dumps(outs[0].lineage)))
    assert (again["photo"] == outs[0]["photo"]).all()
    with pytest.raises(ParamError, match="Did you mean strength"):
        augury.pipeline([{"image.speckle_test": {"strenth": 1.0}}], fields={"photo": "image"})


def test_a_function_that_writes_in_place_leaves_the_input():
    """A function that works in place does not reach the caller's array."""

    def darken(image, rng):
        image //= 2
        return image

    _define("image.darken_test", darken)
    image = np.full((4, 4, 3), 200, np.uint8)
    pipe = augury.pipeline(["image.darken_test"], fields={"photo": "image"})
    assert (pipe({"photo": image}, id="r")["photo"] == 100).all()
    assert (image == 200).all()


def test_a_text_functions_spans_follow():
    """Spans follow what the function really changed."""

    def shout(text, rng):
        return text.replace("quick", "very quick") + "!"

    _define("text.shout_test", shout)
    fields = {"caption": "text", "names": {"kind": "spans", "of": "caption"}}
    pipe = augury.pipeline(["text.shout_test"], fields=fields)
    text = "the quick brown fox"
    out = pipe({"caption": text, "names": [(4, 9, "adjective"), (16, 19, "noun")]}, id="r")
    assert out["caption"] == "the very quick brown fox!"
    spans = [(out["caption"][a:b], label) for a, b, label in out["names"]]
    assert ("fox", "noun") in spans


def test_an_audio_function_may_take_the_rate():
    """Samples come as float32 (channels, samples), the rate where it is asked for."""
    seen = []

    def hum(samples, rng, *, rate, hz: float = 50.0):
        seen.append((samples.shape, samples.dtype, rate))
        return samples * 0.5

    _define("audio.hum_test", hum)
    pipe = augury.pipeline(["audio.hum_test"], fields={"clip": "audio"})
    samples = np.ones((1, 400), np.float32) * 0.5
    out = pipe({"clip": (samples, 8000)}, id="r")
    assert seen == [((1, 400), np.dtype("float32"), 8000)]
    assert np.asarray(out["clip"].samples).max() == 0.25
    assert (samples == 0.5).all()


def test_a_table_function_changes_single_rows():
    """It is given one row's columns and returns those it changes; batched and alone agree."""

    def birthday(row, rng, *, years: float = 1.0):
        return {"age": row["age"] + years + rng.random()}

    _define("table.birthday_test", birthday)
    pipe = augury.pipeline(["table.birthday_test"], fields={"age": "number", "name": "id"})
    items = [(str(i), 0, {"age": float(i), "name": "n"}) for i in range(10)]
    batched = pipe.many(items)
    assert batched == [pipe(record, id=i) for i, _, record in items]
    assert all(1 <= out["age"] - i < 2 for i, out in enumerate(batched))


@pytest.mark.parametrize(
    ("id", "fn", "message"),
    [
        ("speckle", lambda image, rng: image, "an id of the form"),
        ("video.x", lambda image, rng: image, "an id of the form"),
        ("image.one", lambda image: image, "a function of"),
        ("image.untyped", lambda image, rng, *, strength=1.0: image, "a type and a default"),
    ],
)
def test_wrong_functions_are_refused(id, fn, message):
    """An id or a signature that cannot work is refused where it is written."""
    with pytest.raises(ParamError, match=message):
        augury.transform(id)(fn)


def test_the_newest_definition_counts():
    """Defining a transform again, as in a notebook, replaces it; an installed op's id stays that op's."""
    _define("text.twice_test", lambda text, rng: text + "1")
    _define("text.twice_test", lambda text, rng: text + "2")
    pipe = augury.pipeline(["text.twice_test"], fields={"t": "text"})
    assert pipe({"t": "a"}, id="r")["t"] == "a2"
    with pytest.raises(AuguryError, match=r"text\.delete"):
        augury.transform("text.delete")(lambda text, rng: text)
        augury.pipeline(["text.delete"], fields={"t": "text"})
