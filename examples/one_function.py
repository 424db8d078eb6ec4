"""A transform of your own in one function, used in a pipeline like any other op.

python examples/one_function.py [PICTURE.png]
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image
from skimage import data

import augury

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)


@augury.transform("image.sepia")
def sepia(image, rng, *, strength_range: augury.Range = (0.5, 1.0)):
    """Warm brown tint."""
    strength = rng.uniform(*strength_range)
    tinted = np.minimum(image.astype(np.float32) @ SEPIA.T, 255)
    return np.rint(image + strength * (tinted - image)).astype(image.dtype)


def main() -> None:
    """Make four copies of one photograph and put them side by side."""
    photo = data.astronaut()
    pipe = augury.pipeline(
        [{"image.rotate": {"angle_deg_range": (-30, 30)}}, {"image.flip": {"p": 0.5}}, "image.sepia"],
        fields={"photo": "image", "face": {"kind": "boxes", "of": "photo"}},
    )
    record = {"photo": photo, "face": [[178, 76, 270, 180]]}
    outs = [pipe(record, seed=7, id="astronaut", copy=copy) for copy in range(4)]
    for out in outs:
        print(pipe.explain(out.lineage))
        print(f"  face at {out['face'].xyxy.round(1).tolist()}")
    again = pipe.replay(record, outs[0].lineage)
    print("replayed, equal:", np.array_equal(again["photo"], outs[0]["photo"]))
    if len(sys.argv) > 1:
        Image.fromarray(np.hstack([photo, *(out["photo"] for out in outs)])).save(sys.argv[1])
        print(sys.argv[1])


if __name__ == "__main__":
    main()
