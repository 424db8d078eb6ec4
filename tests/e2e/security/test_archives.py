"""Archives as sources: read in place, and every way they may harm."""

import io
import stat
import tarfile
import zipfile
import zlib

import pyarrow.parquet as pq
import pytest

from augury.formats.archive import as_folder

RECIPE = "recipe: 1\ncollect: [{path: %s, collection: c}]\nfields: {image: image, label: category}\n"


def _zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _tar(path, members):
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _rows(home):
    (path,) = (home / "out").glob("data/c/train-*.parquet")
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize(("name", "pack"), [("p.zip", _zip), ("p.tar", _tar)])
def test_an_archive_is_the_folder_it_holds(augury, picture, name, pack):
    """Class folders in a zip or tar give the rows that the unpacked folder gives, and nothing is unpacked."""
    pack(augury.home / name, [("cat/a.png", picture(1)), ("cat/b.png", picture(2)), ("dog/a.png", picture(3))])
    ran = augury(RECIPE % name)
    assert ran.code == 0, ran.err
    packed = {(r["augury_id"], r["label"], r["image"]["bytes"]) for r in _rows(augury.home)}
    for label, file, value in (("cat", "a", 1), ("cat", "b", 2), ("dog", "a", 3)):
        (augury.home / "folder" / label).mkdir(parents=True, exist_ok=True)
        (augury.home / "folder" / label / f"{file}.png").write_bytes(picture(value))
    ran = augury(RECIPE % "folder", "run", "r.yaml", "-o", "out", "--fresh", "--workers", "1")
    assert ran.code == 0, ran.err
    assert packed == {(r["augury_id"], r["label"], r["image"]["bytes"]) for r in _rows(augury.home)}
    assert sorted(p.name for p in augury.home.iterdir()) == ["folder", "out", name, "r.yaml"]


def test_a_table_and_a_folder_inside(augury, picture):
    """A table at the top is found by its extension; a path may go on inside the archive; metadata names files there."""
    _zip(augury.home / "t.zip", [("rows.csv", "label\nx\ny\n")])
    recipe = "recipe: 1\ncollect: [{path: t.zip, collection: c}]\nfields: {label: category}\n"
    assert augury(recipe).code == 0 and sorted(r["label"] for r in _rows(augury.home)) == ["x", "y"]
    rows = '{"file_name": "a.png", "label": "q"}\n{"file_name": "../up.png", "label": "bad"}\n'
    _zip(augury.home / "n.zip", [("d/in/metadata.jsonl", rows), ("d/in/a.png", picture()), ("d/up.png", picture())])
    recipe = RECIPE % "n.zip/d/in" + "limits: {max_quarantined: 0.5}\n"
    ran = augury(recipe, "run", "r.yaml", "-o", "out", "--fresh", "--workers", "1")
    assert ran.code == 0, ran.err
    assert [r["label"] for r in _rows(augury.home)] == ["q"]
    assert "inside the source" in (augury.home / "out" / "quarantine.jsonl").read_text()


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a/../../evil.png", "C:\\evil.png", "..\\evil.png"])
@pytest.mark.parametrize("pack", [_zip, _tar])
def test_members_that_leave_are_refused(augury, picture, pack, name):
    """The whole archive is refused and the member named; nothing is written beside the recipe."""
    path = augury.home / ("p.zip" if pack is _zip else "p.tar")
    pack(path, [("a.png", picture()), (name, picture())])
    ran = augury(RECIPE % path.name)
    assert ran.code != 0 and "a path inside the archive" in ran.err and "Fix:" in ran.err
    assert not list(augury.home.parent.rglob("evil*")) and not (augury.home / "out").exists()


def test_links_in_archives_are_refused(augury, picture):
    """A symbolic link of a zip, and every link or device of a tar."""
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(augury.home / "p.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "symbolic link" in augury(RECIPE % "p.zip").err
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(augury.home / "p.tar", "w") as archive:
            member = tarfile.TarInfo("link.png")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        ran = augury(RECIPE % "p.tar")
        assert ran.code != 0 and "not a link or a device" in ran.err


def test_zip_bombs_are_refused_unread(augury):
    """A member that unpacks to a thousand times its size, and members that share their bytes."""
    _zip(augury.home / "p.zip", [("a.png", b"\0" * (20 << 20))])
    ran = augury(RECIPE % "p.zip")
    assert ran.code != 0 and "200 times its packed size" in ran.err
    data = zlib.compress(bytes(range(256)) * 40)[2:-4]
    with zipfile.ZipFile(augury.home / "q.zip", "w") as archive:
        archive.writestr("a.png", data)
        for number in range(50):
            twin = archive.infolist()[0]
            again = zipfile.ZipInfo(f"b{number}.png")
            for key in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(again, key, getattr(twin, key))
            archive.filelist.append(again)
        archive._didModify = True
    ran = augury(RECIPE % "q.zip")
    assert ran.code != 0 and "overlapping" in ran.err


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no more", b"text"])
def test_damaged_archives_are_refused(augury, data):
    """Half a file is an error that names it."""
    for name in ("p.zip", "p.tar"):
        (augury.home / name).write_bytes(data)
        ran = augury(RECIPE % name)
        assert ran.code != 0 and name in ran.err and "Fix:" in ran.err


def test_a_password_is_said(tmp_path):
    """An encrypted member is refused by its flag, before anything is read."""
    path = tmp_path / "p.zip"
    _zip(path, [("a.txt", "x")])
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    with pytest.raises(Exception, match="without a password"):
        as_folder(str(path))
