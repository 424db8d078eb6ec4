"""WebDataset: our shards in the library's reader, its shards in ours, and shards that mean harm."""

import io
import json
import tarfile

import pytest

import augury
from augury.dataset import verify
from augury.errors import DataError
from augury.formats import Fields
from augury.formats.webdataset import WebDataset
from augury.record import FieldSpec
from augury.scalars import Id, Number

# webdataset 1.0.2 leaves its streams to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def _png():
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (6, 5), (10, 20, 30)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_library_reads_what_we_write(tmp_path):
    """Every sample has its picture under png and every plain column in its json; verify agrees."""
    webdataset = pytest.importorskip("webdataset")
    pytest.importorskip("augury_image")
    (tmp_path / "data" / "a.b").mkdir(parents=True)
    for name in ("x", "y.z"):
        (tmp_path / "data" / "a.b" / f"{name}.png").write_bytes(_png())
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "recipe: 1\ncollect: [{path: data}]\nfields: {image: image, label: category}\n"
        "augment: {copies: 2, steps: [image.flip]}\nwrite: {format: webdataset}\n"
    )
    augury.load(recipe).run(tmp_path / "out")
    (shard,) = (tmp_path / "out").glob("data/data/train-*.tar")
    samples = list(webdataset.WebDataset(str(shard), shardshuffle=False).decode("rgb8"))
    assert len(samples) == 6 and {s["json"]["label"] for s in samples} == {"a.b"}
    assert all(s["png"].shape == (5, 6, 3) for s in samples)
    assert len({s["json"]["augury_id"] for s in samples}) == 6
    assert verify(tmp_path / "out").ok
    again = tmp_path / "again.yaml"
    again.write_text(
        "recipe: 1\ncollect: [{path: out/data/data, format: webdataset, collection: c}]\n"
        "fields: {image: image, label: category}\n"
    )
    assert augury.load(again).run(tmp_path / "again").counts["c"]["train"]["rows"] == 6


def test_we_read_what_the_library_writes(tmp_path):
    """Members by extension: text, a class, JSON's keys, bytes with a dotted extension."""
    webdataset = pytest.importorskip("webdataset")
    path = tmp_path / "s.tar"
    with webdataset.TarWriter(str(path)) as sink:
        for i in range(3):
            sink.write(
                {"__key__": f"d/{i:03d}", "txt": f"text {i}", "cls": i, "json": {"n": i * 1.5}, "seg.png": _png()}
            )
    found = WebDataset()
    assert set(found.columns(str(path))) == {"n", "txt", "cls", "seg.png", "seg"}
    fields: Fields = {"n": FieldSpec("n", Number()), "txt": FieldSpec("txt", Id()), "cls": FieldSpec("cls", Id())}
    rows = list(found.read(str(path), fields))
    assert [r.key for r in rows] == ["d/000", "d/001", "d/002"]
    assert [dict(r.values) for r in rows] == [{"n": i * 1.5, "txt": f"text {i}", "cls": str(i)} for i in range(3)]


def _tar(path, members):
    with tarfile.open(path, "w") as archive:
        for member in members:
            info, data = member if isinstance(member, tuple) else (member, b"")
            info = info if isinstance(info, tarfile.TarInfo) else tarfile.TarInfo(info)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_a_link_is_refused(tmp_path):
    """A link would name a file outside of the shard."""
    link = tarfile.TarInfo("a.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    _tar(tmp_path / "s.tar", [link])
    with pytest.raises(DataError, match="link or device"):
        WebDataset().columns(str(tmp_path / "s.tar"))


def test_names_that_leave_are_only_names(tmp_path):
    """A member is held in memory, so ``..`` in its name is part of a key and opens nothing."""
    _tar(tmp_path / "s.tar", [("../../a.json", json.dumps({"n": 1}).encode())])
    (row,) = WebDataset().read(str(tmp_path / "s.tar"), {"n": FieldSpec("n", Number())})
    assert row.key == "../../a" and row.values == {"n": 1}


def test_bad_members_take_their_sample_out_alone(tmp_path):
    """JSON that is none is a problem of one record."""
    _tar(tmp_path / "s.tar", [("a.json", b'{"n": 1}'), ("b.json", b"{"), ("c.json", b"[1]"), ("d.json", b'{"n": 2}')])
    rows = list(WebDataset().read(str(tmp_path / "s.tar"), {"n": FieldSpec("n", Number())}))
    assert [bool(r.problem) for r in rows] == [False, True, True, False] and rows[3].values == {"n": 2}


def test_half_a_shard_is_refused(tmp_path):
    """A torn file is an error with its name, not fewer records."""
    _tar(tmp_path / "s.tar", [(f"{i}.json", b'{"n": 1}' * 1) for i in range(50)])
    whole = (tmp_path / "s.tar").read_bytes()
    (tmp_path / "t.tar").write_bytes(whole[: len(whole) // 2 - 700])
    with pytest.raises(DataError, match=r"t\.tar.*whole tar file"):
        list(WebDataset().read(str(tmp_path / "t.tar"), {"n": FieldSpec("n", Number())}))
