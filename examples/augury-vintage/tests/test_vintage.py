"""What the kit cannot know: where circles go, and which channel is which."""

import numpy as np

import augury


def test_a_circle_follows_a_scaled_and_mirrored_picture():
    """Half the size is half the radius; a mirror turns x into width - x."""
    pipe = augury.pipeline(
        [{"image.resize": {"size": (50, 100)}}, "image.flip"],
        fields={"photo": "image", "rings": {"kind": "circles", "of": "photo"}},
    )
    out = pipe({"photo": np.zeros((100, 200, 3), np.uint8), "rings": [(40, 20, 10)]}, id="a")
    assert np.allclose(out["rings"], [(80, 10, 5)])


def test_a_mirrored_picture_swaps_the_channels_of_its_sound():
    """Left becomes right."""
    pipe = augury.pipeline(["image.flip"], fields={"photo": "image", "sound": {"kind": "audio", "about": "photo"}})
    stereo = np.stack([np.full(800, 0.5), np.zeros(800)]).astype(np.float32)
    out = pipe({"photo": np.zeros((8, 8, 3), np.uint8), "sound": (stereo, 8000)}, id="a")
    assert np.array_equal(out["sound"].samples, stereo[::-1])
