"""JPEGs decoded reduced: the same record but for interpolation, and the very same where nothing shrinks it."""

import io

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as PillowImage
from skimage import data

import augury
from augury.catalog import add_local, local_ops
from augury.dataset import building
from augury.dataset.replaying import replay
from augury.effects import Warp
from augury.functions import LocalOpSpec
from augury.op import Op
from augury_image.codec import encoded

FIELDS = {
    "boxes": {"kind": "boxes", "of": "photo"},
    "mask": {"kind": "mask", "of": "photo"},
    "points": {"kind": "keypoints", "of": "photo"},
}
CROP = {"image.resized_crop": {"size": (64, 96), "area_frac_range": (0.7, 0.9)}}
TURN = {"image.affine": {"angle_deg_range": (20, 20), "scale_range": (0.3, 0.3), "fill": (1.0, 0.0, 0.0)}}


@pytest.fixture(autouse=True)
def fresh():
    """Forget the ops of a test after it."""
    with local_ops():
        yield


def jpeg(image, **options):
    """Return the bytes of a JPEG of quality 95."""
    buffer = io.BytesIO()
    PillowImage.fromarray(image).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photo():
    """A photograph of odd sides, 401 high and 599 wide."""
    return data.chelsea()[:401, :] if data.chelsea().shape[1] == 599 else data.coffee()[:401, :599]


def run(steps, record, decode, **keys):
    """Return a pipeline and what it makes of a record."""
    pipe = augury.pipeline(steps, {"photo": {"kind": "image", "decode": decode}, **FIELDS})
    return pipe, pipe(record, seed=3, id="a", **keys)


def record_of(photo):
    """A record with every kind of target, its picture still encoded."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[100:300, 200:400] = 1
    boxes = {"boxes": [[200.0, 100.0, 400.0, 300.0]], "labels": ["it"]}
    return {"photo": jpeg(photo), "boxes": boxes, "mask": mask, "points": [[250.0, 150.0, 2.0]]}


def psnr(a, b):
    """Return the likeness of two images in dB."""
    return 10 * np.log10(255**2 / max(np.mean((a.astype(float) - b.astype(float)) ** 2), 1e-9))


@pytest.mark.parametrize("steps", [[CROP], [TURN], [CROP, "image.gamma"], [{"image.resize": {"size": (40, 50)}}]])
@pytest.mark.parametrize("compile_on", [True, False])
def test_all_but_the_pixels_is_the_same(photo, steps, compile_on):
    """Draws, sizes and targets equal those of the full decode; the picture is nearly the same."""
    outs = []
    for decode in ("full", "reduced"):
        fields = {"photo": {"kind": "image", "decode": decode}, **FIELDS}
        pipe = augury.pipeline(steps, fields, compile=compile_on)
        outs.append(pipe(record_of(photo), seed=3, id="a"))
    full, less = outs
    assert [s["draw"] for s in full.lineage["steps"] if "draw" in s] == [
        s["draw"] for s in less.lineage["steps"] if "draw" in s
    ]
    assert full["photo"].shape == less["photo"].shape
    assert not np.array_equal(full["photo"], less["photo"]), "nothing was decoded reduced"
    assert psnr(full["photo"], less["photo"]) > 30
    for name in FIELDS:
        kind = pipe.schema[name].kind
        assert kind.equal(full[name], less[name]), name


@pytest.mark.parametrize(
    "steps",
    [
        [],
        ["image.flip"],
        ["image.gamma"],
        ["image.jpeg"],
        [{"image.rotate": {"angle_deg_range": (5, 9)}}],
        [{"image.mixup": {}}],
    ],
    ids=str,
)
def test_nothing_else_is_reduced(photo, steps):
    """Where no warp shrinks the picture it is the same to the bit."""
    record = record_of(photo) if steps != [{"image.mixup": {}}] else {"photo": jpeg(photo)}
    more = {"pool": {"b": {"photo": photo[::-1].copy()}}} if "mixup" in str(steps) else {}
    full, less = (run(steps, record, decode, **more)[1] for decode in ("full", "reduced"))
    assert np.array_equal(full["photo"], less["photo"])


class Looking(Op):
    """Draw what is seen at a corner."""

    on = "image"
    reads = frozenset({"value"})

    def draw(self, rng, info):
        """Look at the corner."""
        return {"seen": int(info.value[0, 0, 0])}

    def effect(self, draw, info):
        """Change nothing that can be seen."""
        return Warp((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), info.size[:2])


def test_steps_that_look_see_all(photo):
    """A step that looks at the picture has it decoded in full, and that is said."""
    add_local(LocalOpSpec("image.looking_test", "here:Looking", "Look.", "image", 1, "Warp", op=Looking))
    steps = [CROP, "image.looking_test"]
    pipe, less = run(steps, record_of(photo), "reduced")
    full = run(steps, record_of(photo), "full")[1]
    assert np.array_equal(full["photo"], less["photo"])
    assert pipe.warnings == ("fields.photo: is decoded whole, since image.looking_test#0 looks at it.",)


def test_it_is_said():
    """A pipeline with such a field says so."""
    pipe = augury.pipeline([CROP], {"photo": {"kind": "image", "decode": "reduced"}})
    assert any(w.startswith("fields.photo: is decoded at a half") for w in pipe.warnings)
    assert not augury.pipeline([CROP], {"photo": "image"}).warnings


def test_what_exif_turns_is_decoded_in_full(photo):
    """A picture on its side is upright, and the same as by the full decode."""
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    record = {"photo": jpeg(photo, exif=exif.tobytes())}
    full, less = (run([CROP], record, decode)[1] for decode in ("full", "reduced"))
    assert np.array_equal(full["photo"], less["photo"])


def test_it_replays(photo):
    """A replay gives the same bytes, and the lineage is of a pipeline of its own."""
    pipe, out = run([CROP], record_of(photo), "reduced")
    assert np.array_equal(pipe.replay(record_of(photo), out.lineage)["photo"], out["photo"])
    assert out.lineage["pipeline"] != run([CROP], record_of(photo), "full")[1].lineage["pipeline"]


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_the_decoder_makes_means_of_blocks(photo, factor):
    """A pixel is about the mean of its block of the full decode."""
    held = encoded(jpeg(photo), "any", 10**8)
    whole, small = held.whole(), held.reduced(factor)
    rows, columns = photo.shape[0] // factor, photo.shape[1] // factor
    means = cv2.resize(whole[: rows * factor, : columns * factor], (columns, rows), interpolation=cv2.INTER_AREA)
    assert small.shape[:2] == (-(-photo.shape[0] // factor), -(-photo.shape[1] // factor))
    assert np.abs(small[:rows, :columns].astype(int) - means).mean() < 1.5
    assert held.whole() is whole


def test_other_files_are_decoded_at_once(photo):
    """PNG files, grey ones and damaged ones go the usual way."""
    buffer = io.BytesIO()
    PillowImage.fromarray(photo).save(buffer, "PNG")
    assert encoded(buffer.getvalue(), "any", 10**8) is None
    assert encoded(jpeg(photo)[:1000], "any", 10**8) is None
    assert encoded(jpeg(photo[:, :, 0]), "any", 10**8).shape == (*photo.shape[:2], 1)
    assert encoded(jpeg(photo), "grey", 10**8).whole().shape == (*photo.shape[:2], 1)
    with pytest.raises(augury.errors.FieldError, match="pixels"):
        encoded(jpeg(photo), "any", 100)


def rows_of(folder):
    """Return the rows of a finished dataset of one file."""
    return pq.read_table(sorted(folder.rglob("*.parquet"))[0]).to_pylist()


def test_a_run_has_the_same_rows(photo, tmp_path):
    """A run with reduced decoding makes the same rows, which replay, and its check says so."""
    folder = tmp_path / "in"
    folder.mkdir()
    for k in range(3):
        (folder / f"{k}.jpg").write_bytes(jpeg(np.roll(photo, 40 * k, axis=1)))
    made, said = {}, {}
    for decode in ("full", "reduced"):
        recipe = tmp_path / f"{decode}.yaml"
        recipe.write_text(
            "recipe: 1\nseed: 5\n"
            f"fields: {{image: {{kind: image, decode: {decode}}}}}\n"
            "collect: [{format: folder, path: in}]\n"
            "split: {train: 1.0}\n"
            "augment: {copies: 2, steps: [{image.resized_crop: {size: [48, 48]}}]}\n"
            "write: {format: parquet}\n"
        )
        out = tmp_path / f"out-{decode}"
        loaded = augury.load(recipe)
        said[decode] = loaded.warnings
        building.run(loaded, out, workers=1)
        made[decode] = rows_of(out)
    copied = next(row["augury_id"] for row in made["reduced"] if row["augury_copy"] == 1)
    assert replay(tmp_path / "out-reduced", copied).equal
    assert any("is decoded at a half" in text for text in said["reduced"]) and not said["full"]
    ids = {decode: [row["augury_id"] for row in rows] for decode, rows in made.items()}
    assert ids["full"] == ids["reduced"]
    for full, less in zip(made["full"], made["reduced"], strict=True):
        same = full["image"]["bytes"] == less["image"]["bytes"]
        assert same == (full["augury_copy"] is None), "originals keep their bytes, copies are decoded reduced"
