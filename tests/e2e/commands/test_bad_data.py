"""Bad data through the command: the message names the place, what was expected, what came, and the fix."""

import json

import pytest

from tests.e2e.commands.conftest import command


def run(corpus, *more):
    """Run the corpus's recipe."""
    return command("run", "r.yaml", "--fresh", "--workers", "1", *more, cwd=corpus)


def told(corpus):
    """Return the reasons of the quarantine."""
    return [json.loads(line)["reason"] for line in (corpus / "r" / "quarantine.jsonl").read_text().splitlines()]


def test_mixed_types(corpus):
    """Text in a column of numbers is told with its line; over the limit the run ends with 3."""
    with (corpus / "people.csv").open("a") as file:
        file.write("p10,old,Rome\n")
    ran = run(corpus)
    assert ran.code == 3
    assert "people.csv:11: column 'age': expected a number, got 'old'. Fix: correct the cell" in ran.err
    assert run(corpus, "--set", "limits.max_quarantined=0.2").code == 0
    assert any("people.csv:11" in reason and "got 'old'" in reason for reason in told(corpus))


def test_on_error_raise(corpus):
    """on_error: raise stops at the first bad record."""
    with (corpus / "people.csv").open("a") as file:
        file.write("p10,old,Rome\n")
    ran = run(corpus, "--set", "on_error=raise")
    assert ran.code == 3 and ran.err.count("expected a number, got 'old'") == 1


def test_wrong_encoding(corpus):
    """A file in another encoding is told before anything is run."""
    (corpus / "people.csv").write_bytes("name,age,city\np1,3,Z\u00fcrich\n".encode("latin-1"))
    ran = run(corpus)
    assert ran.code == 3 or ran.code == 2
    assert "people.csv:2: expected text in utf-8, got byte 0xfc" in ran.err and "encoding: cp1252" in ran.err


@pytest.mark.parametrize("name", ["../secret.png", "/secret.png", "a/../../secret.png", "file:///secret.png"])
def test_a_path_that_escapes_its_folder(corpus, name):
    """Metadata cannot name files outside of its folder."""
    (corpus / "secret.png").write_bytes((corpus / "photos" / "0.png").read_bytes())
    with (corpus / "photos" / "metadata.jsonl").open("a") as file:
        file.write("\n" + json.dumps({"file_name": name, "caption": "x"}))
    ran = run(corpus, "--set", "limits.max_quarantined=0.2")
    assert ran.code == 0, ran.err
    assert any("expected a path inside the source's folder" in reason for reason in told(corpus))


def test_a_missing_file(corpus):
    """A file that metadata names and that is not there quarantines its record."""
    (corpus / "photos" / "1.png").unlink()
    assert run(corpus, "--set", "limits.max_quarantined=0.2").code == 0
    assert any("1.png: expected a file, got none there" in reason for reason in told(corpus))


def test_two_collections_with_the_same_file_names(corpus):
    """Records of two collections are kept apart by the collection, though their files are called alike."""
    import shutil

    shutil.copytree(corpus / "photos", corpus / "more")
    text = (corpus / "r.yaml").read_text().replace("fields:", "  - {path: more, as: {image: photo}}\nfields:", 1)
    (corpus / "r.yaml").write_text(text)
    ran = run(corpus, "--set", "augment.copies=0", "--json")
    assert ran.code == 0, ran.err
    assert set(json.loads(ran.out)["counts"]) == {"photos", "more", "calls", "people"}


def test_yaml_objects(corpus):
    """A recipe that asks for Python objects is refused, and nothing is built."""
    (corpus / "r.yaml").write_text("recipe: !!python/object/apply:os.system ['touch built']\n")
    ran = run(corpus)
    assert ran.code == 2 and "objects are never built" in ran.err and not (corpus / "built").exists()


def cut(path, share=0.5):
    """Cut a file short."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def jpeg(corpus):
    """Replace a photo by a JPEG that ends in the middle."""
    from PIL import Image

    path = corpus / "photos" / "0.png"
    picture = Image.open(path).resize((320, 240))
    picture.save(path, format="JPEG")
    cut(path)


def nan(corpus):
    """Write a recording that holds NaN."""
    import numpy as np
    import soundfile

    soundfile.write(corpus / "calls" / "0.wav", np.full(4000, np.nan), 8000, subtype="FLOAT")


@pytest.mark.parametrize(
    ("harm", "setting", "expected"),
    [
        (jpeg, None, "field 'photo': expected a whole image file"),
        (lambda c: (c / "photos" / "0.png").write_bytes(b""), None, "field 'photo': expected the bytes of an image file, got 0 b"),
        (lambda c: (c / "calls" / "0.wav").write_bytes(b"RIFF"), None, "field 'clip': expected"),
        (lambda c: cut(c / "calls" / "0.wav", 0.6), None, "field 'clip': expected"),
        (nan, None, "field 'clip': expected"),
        (None, "limits.max_image_pixels=700", "expected an image of at most 700 pixels, got 24 x 32. Fix: raise max_pixels"),
        (None, "limits.max_audio_seconds=0.25", "expected at most 0.25 s of sound, got 0.5 s."),
    ],
    ids=["truncated JPEG", "empty image", "WAV header alone", "truncated WAV", "NaN", "image bomb", "long recording"],
)  # fmt: skip
def test_damaged_files(corpus, harm, setting, expected):
    """A file that is damaged or over a limit is quarantined with its place and reason; the others are written."""
    if harm is not None:
        harm(corpus)
    ran = run(corpus, "--set", "limits.max_quarantined=0.5", *(["--set", setting] if setting else []))
    assert ran.code == 0, ran.err
    assert any(expected in reason and "metadata.jsonl:" in reason and "Fix:" in reason for reason in told(corpus))
