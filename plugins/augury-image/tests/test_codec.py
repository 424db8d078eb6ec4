"""Image files: every mode that turns up in real folders, damage, and limits."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PIL
from PIL import ImageOps
from skimage import data

import augury
import augury_image.codec
from augury.errors import FieldError
from augury_image.codec import decode, probe, size_of
from augury_image.kinds.image import Image
from augury_image.kinds.mask import Mask

KIND = Image()


def file_of(picture, form, **options):
    """Return the bytes of a PIL image saved in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def astronaut():
    """A piece of a photograph."""
    return np.ascontiguousarray(data.astronaut()[:97, :131])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_keeps_every_pixel(astronaut, channels):
    """8-bit PNG of any channel count comes back the same, and Pillow reads what was written."""
    image = np.ascontiguousarray(np.dstack([astronaut, astronaut[:, ::-1, :1]])[:, :, :channels])
    stored = KIND.pack(image)
    np.testing.assert_array_equal(KIND.unpack(stored), image)
    read = np.asarray(PIL.open(io.BytesIO(stored)))
    np.testing.assert_array_equal(read.reshape(image.shape), image)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_keeps_sixteen_bits(channels):
    """16-bit PNG comes back the same; floats are kept to 1/65535."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 65536, (21, 34, channels), dtype=np.uint16)
    np.testing.assert_array_equal(KIND.unpack(KIND.pack(image)), image)
    floats = rng.random((21, 34, channels), dtype=np.float32)
    back = KIND.unpack(KIND.pack(floats))
    assert back.dtype == np.uint16 and np.abs(back / 65535 - floats).max() <= 0.5 / 65535 + 1e-7


def test_jpeg_is_read_as_pillow_reads_it(astronaut):
    """Colour order and orientation of the channels agree with Pillow's, up to the decoders' rounding."""
    stored = Image(encoding="jpeg", quality=95).pack(astronaut)
    ours, theirs = KIND.unpack(stored), np.asarray(PIL.open(io.BytesIO(stored)))
    assert np.abs(ours.astype(int) - theirs).max() <= 6
    assert np.abs(ours.astype(int) - astronaut).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_exif_orientation_is_applied(astronaut, orientation, form):
    """All eight orientations come out upright."""
    picture = PIL.fromarray(astronaut)
    undo = {
        2: PIL.Transpose.FLIP_LEFT_RIGHT,
        3: PIL.Transpose.ROTATE_180,
        4: PIL.Transpose.FLIP_TOP_BOTTOM,
        5: PIL.Transpose.TRANSPOSE,
        6: PIL.Transpose.ROTATE_90,
        7: PIL.Transpose.TRANSVERSE,
        8: PIL.Transpose.ROTATE_270,
    }
    if orientation in undo:
        picture = picture.transpose(undo[orientation])
    exif = PIL.Exif()
    exif[0x0112] = orientation
    stored = file_of(picture, form, exif=exif, **({"quality": 95} if form == "JPEG" else {}))
    image = KIND.unpack(stored)
    assert image.shape == astronaut.shape
    assert np.abs(image.astype(int) - astronaut).mean() < 4


def test_palette_and_bilevel_files(astronaut):
    """A palette becomes colours (or labels, for a mask), with opacity where it has any; bilevel becomes grey."""
    palette = PIL.fromarray(astronaut).quantize(16)
    np.testing.assert_array_equal(KIND.unpack(file_of(palette, "PNG")), np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(Mask().unpack(file_of(palette, "PNG")), np.asarray(palette))
    clear = KIND.unpack(file_of(palette, "PNG", transparency=3))
    assert clear.shape[2] == 4 and set(np.unique(clear[:, :, 3])) == {0, 255}
    two = KIND.unpack(file_of(PIL.fromarray(astronaut).convert("1"), "PNG"))
    assert two.shape == (97, 131, 1) and set(np.unique(two)) == {0, 255}


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "CMYK"])
def test_mode_converts_what_files_hold(astronaut, mode):
    """mode: rgb and grey give three channels and one, whatever the file holds."""
    picture = PIL.fromarray(astronaut).convert(mode)
    stored = file_of(picture, "JPEG" if mode == "CMYK" else "PNG")
    assert Image(mode="rgb").unpack(stored).shape == (97, 131, 3)
    assert Image(mode="grey").unpack(stored).shape == (97, 131, 1)


@pytest.mark.parametrize("form, options", [("GIF", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_other_formats(astronaut, form, options):
    """What Pillow reads is read."""
    image = Image(mode="rgb").unpack(file_of(PIL.fromarray(astronaut), form, **options))
    assert image.shape == astronaut.shape
    if form != "GIF":
        np.testing.assert_array_equal(image, astronaut)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.95])
def test_truncated_files_are_refused(astronaut, form, kept):
    """A file that breaks off is an error that says so, never a picture filled up with grey."""
    stored = file_of(PIL.fromarray(astronaut), form)
    with pytest.raises(FieldError, match=r"expected a.* image file, got .*Fix: fetch the file again"):
        KIND.unpack(stored[: int(len(stored) * kept)])


def test_a_thumbnail_does_not_hide_a_truncated_file(astronaut):
    """An end marker inside the EXIF thumbnail is not the file's."""
    thumbnail = file_of(PIL.fromarray(astronaut).resize((40, 30)), "JPEG")
    body = file_of(PIL.fromarray(astronaut), "JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with pytest.raises(FieldError, match="truncated"):
        KIND.unpack((body[:2] + comment + body[2:])[:-500])


@pytest.mark.parametrize("junk", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\x00" * 100])
def test_junk_is_refused(junk):
    """Bytes that are no image say what they are."""
    with pytest.raises(FieldError, match="image file"):
        KIND.unpack(junk)


def png_header(width, height):
    """Return a PNG that claims a size and holds no pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_an_image_bomb_is_refused_by_its_header():
    """A huge claimed size is refused before anything is decoded, and the limit is a setting."""
    with pytest.raises(FieldError, match=r"at most 100,000,000 pixels, got 30000 x 40000.*max_pixels"):
        KIND.unpack(png_header(40000, 30000))
    with pytest.raises(FieldError, match="at most 100 pixels"):
        Image(max_pixels=100).unpack(file_of(PIL.new("RGB", (11, 10)), "JPEG"))
    with pytest.raises(FieldError, match="at most 100 pixels"):
        Image(max_pixels=100).unpack(file_of(PIL.new("RGB", (11, 10)), "GIF"))
    assert Image(max_pixels=110).unpack(file_of(PIL.new("RGB", (11, 10)), "JPEG")).shape == (10, 11, 3)


def test_zero_size_images_are_refused():
    """No pixels, no image: as an array and as a file."""
    with pytest.raises(FieldError, match="at least one pixel"):
        KIND.check(np.zeros((0, 5, 3), np.uint8))
    with pytest.raises(FieldError, match="at least one pixel"):
        KIND.unpack(png_header(0, 10))


@pytest.mark.parametrize(
    "channels, encoding, dtype, message",
    [
        (5, "png", np.uint8, "1 to 4 channels for png"),
        (4, "jpeg", np.uint8, "1 or 3 channels for jpeg.*encoding: png"),
        (2, "png", np.uint16, "8-bit grey with opacity"),
    ],
)
def test_what_an_encoding_cannot_hold(channels, encoding, dtype, message):
    """The message names what fits."""
    with pytest.raises(FieldError, match=message):
        Image(encoding=encoding).pack(np.zeros((4, 4, channels), dtype))


def _jpegs():
    """JPEGs of a few hundred bytes and up, of each make that cameras and tools write."""
    picture = PIL.fromarray(np.ascontiguousarray(data.coffee()[::20, ::20]))
    turned = picture.getexif()
    turned[0x0112] = 6
    restarts = cv2.imencode(".jpg", np.asarray(picture), [cv2.IMWRITE_JPEG_RST_INTERVAL, 2])[1].tobytes()
    return {
        "half colour": file_of(picture, "JPEG", quality=80),
        "full colour": file_of(picture, "JPEG", subsampling=0, optimize=True),
        "progressive": file_of(picture, "JPEG", progressive=True),
        "grey": file_of(picture.convert("L"), "JPEG", quality=30),
        "turned": file_of(picture, "JPEG", exif=turned),
        "restarts": restarts,
    }


JPEGS = _jpegs()


@pytest.mark.parametrize("make", JPEGS)
def test_probing_a_cut_jpeg_is_decoding_it(make):
    """Cut after any byte, with an end marker put behind it or not, a JPEG passes the probe where it decodes."""
    whole = JPEGS[make]
    for end in (b"", b"\xff\xd9"):
        cuts = [whole[:length] + end for length in range(1, len(whole), 1 if end else 7)]
        assert [_refusal(probe, cut) for cut in cuts] == [_refusal(decode, cut) for cut in cuts]


PLACES = st.one_of(st.floats(0, 1, exclude_max=True), st.integers(2, 400))
"""A byte's place, as a share of the file or among its tables."""


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, on damaged EXIF
@settings(max_examples=200)
@given(st.sampled_from([*JPEGS]), st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=4), st.booleans())
def test_probing_a_damaged_jpeg_is_decoding_it(make, changes, drops):
    """With bytes changed anywhere, or left out, a JPEG passes the probe where it decodes and nowhere else."""
    damaged = bytearray(JPEGS[make])
    for place, octet in changes:
        at = int(place * len(damaged)) if isinstance(place, float) else min(place, len(damaged) - 1)
        damaged[at : at + 1] = b"" if drops else bytes([octet])
    file = bytes(damaged)
    assert _refusal(probe, file) == _refusal(decode, file)


def test_a_whole_jpeg_is_probed_without_its_pixels(monkeypatch):
    """What every camera and tool writes is judged by its structure alone."""
    monkeypatch.setattr(augury_image.codec, "decode", None)
    for whole in JPEGS.values():
        probe(whole, "any", 10**7)


def _refusal(read, file):
    try:
        read(file, "any", 10**7)
    except FieldError as error:
        return str(error)
    return None


@pytest.mark.parametrize("form", ["TIFF", "PNG"])
def test_sixteen_bits_are_kept(form):
    """A grey file of 16 bit is decoded to the very numbers that Pillow was given."""
    pixels = (np.arange(12 * 17, dtype=np.uint16).reshape(12, 17) * 321) % 65521
    decoded = Image().unpack(file_of(PIL.fromarray(pixels), form))
    assert decoded.dtype == np.uint16 and np.array_equal(decoded[..., 0], pixels)


@pytest.mark.parametrize(("form", "options"), [("WEBP", {"lossless": True}), ("AVIF", {"quality": 100})])
def test_newer_formats_are_read(form, options):
    """WebP without loss gives its pixels, AVIF of best quality nearly."""
    y, x = np.mgrid[0:40, 0:60]
    pixels = np.stack([x * 4, y * 6, x + y], axis=2).astype(np.uint8)
    decoded = Image().unpack(file_of(PIL.fromarray(pixels), form, **options))
    assert decoded.shape == (40, 60, 3)
    assert np.abs(decoded.astype(int) - pixels).max() <= (0 if form == "WEBP" else 6)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(form, orientation):
    """What EXIF says of a file is done as Pillow does it, and the header alone gives the upright size."""
    pixels = np.zeros((24, 40, 3), np.uint8)
    pixels[:12, :20] = 255
    exif = PIL.Exif()
    exif[0x0112] = orientation
    data = file_of(PIL.fromarray(pixels), form, exif=exif)
    with PIL.open(io.BytesIO(data)) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    decoded = Image(mode="rgb").unpack(data)
    assert decoded.shape == upright.shape
    assert np.abs(decoded.astype(int) - upright).mean() < 8
    assert size_of(data) == (decoded.shape[1], decoded.shape[0])


def test_webp_is_written():
    """An encoding of webp is a WebP file near the pixels; two channels are refused."""
    image = Image(encoding="webp", quality=95)
    pixels = image.samples()[0]
    data = image.pack(pixels)
    assert data[8:12] == b"WEBP" and np.abs(image.unpack(data).astype(int) - pixels).mean() < 6
    with pytest.raises(FieldError, match="1, 3 or 4 channels for webp"):
        image.pack(np.zeros((4, 4, 2), np.uint8))


def test_loss_on_loss_is_said_by_check(tmp_path):
    """A recipe that compresses JPEG pixels again says so, with the quality; PNG copies and untouched fields do not."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jpg").write_bytes(file_of(PIL.fromarray(np.zeros((8, 8, 3), np.uint8)), "JPEG"))
    recipe = tmp_path / "r.yaml"
    text = "recipe: 1\ncollect: [{path: data}]\nfields: {image: {kind: image, encoding: jpeg, quality: 70}}\n"
    recipe.write_text(text + "augment: {steps: [image.flip]}\n")
    (warning,) = augury.load(recipe).warnings
    assert "JPG compressed again as jpeg of quality 70" in warning and "Fix: set encoding: png" in warning
    recipe.write_text(text.replace("jpeg", "png") + "augment: {steps: [image.flip]}\n")
    assert augury.load(recipe).warnings == ()
    recipe.write_text(text)
    assert augury.load(recipe).warnings == ()
