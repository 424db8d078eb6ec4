"""What a stranger's recipe, data and captions may not do."""

import csv
import io
import json
import os
import struct
import zlib
from html.parser import HTMLParser

import pytest

from augury.dataset import verify

HARM = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{7*7}} javascript:alert(1) <!-- ]]> &lt;'


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch owned']",
        "!!python/name:os.system",
        "!!python/object/new:subprocess.Popen [[touch, owned]]",
        "!!map {a: 1}",
    ],
)
def test_yaml_makes_no_objects(augury, text):
    """A tag is refused with its place; nothing is made of it."""
    ran = augury(f"recipe: 1\ncollect: {text}\nfields: {{a: id}}\n")
    assert ran.code == 2 and "r.yaml:2" in ran.err
    assert not (augury.home / "owned").exists()


def test_yaml_alias_bombs_are_refused(augury):
    """Nine levels of nine aliases each are not expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    ran = augury("recipe: 1\n" + "\n".join(lines) + "\n")
    assert ran.code == 2 and "aliases" in ran.err
    ran = augury("recipe: 1\ncollect: &a [*a]\n")
    assert ran.code == 2 and len(ran.err) < 2000


def test_a_recipe_runs_no_code_unasked(augury):
    """A Python file beside the recipe is refused without --allow-code, by every command, and not imported."""
    (augury.home / "mine.py").write_text("open('owned', 'w')\n")
    (augury.home / "rows.csv").write_text("a\n1\n")
    recipe = "recipe: 1\ntransforms: [mine.py]\ncollect: [{path: rows.csv}]\nfields: {a: id}\n"
    for arguments in ((), ("check", "r.yaml"), ("preview", "r.yaml")):
        ran = augury(recipe, *arguments)
        assert ran.code == 2 and "--allow-code" in ran.err
    assert not (augury.home / "owned").exists()


@pytest.mark.parametrize(
    "name", ["../mine.py", "/tmp/mine.py", "https://example.invalid/mine.py", "mine.py/../../x.py"]
)
def test_a_recipe_names_only_its_own_code(augury, name):
    """Even with --allow-code the files lie below the recipe."""
    (augury.home.parent / "mine.py").write_text("open('owned', 'w')\n")
    (augury.home / "rows.csv").write_text("a\n1\n")
    recipe = f"recipe: 1\ntransforms: [{name}]\ncollect: [{{path: rows.csv}}]\nfields: {{a: id}}\n"
    ran = augury(recipe, "run", "r.yaml", "-o", "out", "--allow-code")
    assert ran.code == 2 and not (augury.home / "owned").exists()


def test_a_recipe_installs_nothing(augury):
    """``requires:`` is compared with what is installed; the command that would install is only told."""
    (augury.home / "rows.csv").write_text("a\n1\n")
    text = "recipe: 1\nrequires: [%s]\ncollect: [{path: rows.csv}]\nfields: {a: id}\n"
    ran = augury(text % "no-such-distribution-x")
    assert ran.code == 2 and "pip install" in ran.err
    ran = augury(text % "'x @ file:///tmp/evil.whl'")
    assert ran.code == 2


@pytest.mark.parametrize("key", ["path: /etc", "out: ../x", "folder: ../../x", "name: ../x"])
def test_a_recipe_writes_nowhere_else(augury, key):
    """``write:`` has no path: where a run writes is the command's to say."""
    (augury.home / "rows.csv").write_text("a\n1\n")
    ran = augury(f"recipe: 1\ncollect: [{{path: rows.csv}}]\nfields: {{a: id}}\nwrite: {{format: jsonl, {key}}}\n")
    assert ran.code == 2 and not (augury.home / "out").exists()


@pytest.mark.parametrize("name", ["../../x", "a/b", "/etc/x", "..", "a\\b", ""])
def test_a_collection_cannot_name_another_folder(augury, name):
    """Its name becomes a folder of the output, so it is a plain one."""
    (augury.home / "rows.csv").write_text("a\n1\n")
    ran = augury(f"recipe: 1\ncollect: [{{path: rows.csv, collection: {name!r}}}]\nfields: {{a: id}}\n")
    assert ran.code == 2 and "letters" in ran.err


def test_ids_and_names_of_data_stay_inside_the_output(augury, picture):
    """Keys like paths become plain file names in every format that writes files."""
    (augury.home / "data").mkdir()
    keys = ["../../../owned", "/etc/passwd", "a/../../b", "con", "x" * 400, "\u202egnp.exe"]
    rows = []
    for number, key in enumerate(keys):
        (augury.home / "data" / f"{number}.png").write_bytes(picture(number))
        rows.append(json.dumps({"file_name": f"{number}.png", "key": key}))
    (augury.home / "data" / "metadata.jsonl").write_text("\n".join(rows))
    (augury.home / "r.yaml").touch()
    before = {p for p in augury.home.parent.rglob("*") if "out" not in p.parts}
    for form in ("folder", "jsonl", "csv", "coco", "webdataset"):
        recipe = "recipe: 1\ncollect: [{path: data}]\nfields: {image: image, key: {kind: id, role: key}}\n"
        recipe += f"augment: {{steps: [image.flip]}}\nwrite: {{format: {form}}}\n"
        ran = augury(recipe, "run", "r.yaml", "-o", f"out/{form}", "--workers", "1")
        assert ran.code == 0, ran.err
        assert verify(augury.home / "out" / form).ok
    assert {p for p in augury.home.parent.rglob("*") if "out" not in p.parts} == before


@pytest.mark.skipif(os.name == "nt", reason="making links needs rights there")
def test_symbolic_links_that_leave_the_source(augury, picture):
    """A link to a file or folder outside is quarantined; one that stays inside is read."""
    secret = augury.home.parent / "secret"
    secret.mkdir()
    (secret / "s.png").write_bytes(picture(99))
    (augury.home / "data").mkdir()
    (augury.home / "data" / "a.png").write_bytes(picture(1))
    (augury.home / "data" / "inside.png").symlink_to(augury.home / "data" / "a.png")
    (augury.home / "data" / "out.png").symlink_to(secret / "s.png")
    recipe = "recipe: 1\ncollect: [{path: data}]\nfields: {image: image}\nlimits: {max_quarantined: 0.5}\n"
    ran = augury(recipe)
    assert ran.code == 0, ran.err
    bad = [json.loads(line) for line in (augury.home / "out" / "quarantine.jsonl").read_text().splitlines()]
    assert [b["id"] for b in bad] == ["data/out.png"] and "inside the source" in bad[0]["reason"]


def test_image_bombs_are_refused_by_their_header(augury, picture):
    """A PNG of a few bytes that says 60,000 x 60,000 is quarantined, not decoded."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    (augury.home / "data").mkdir()
    (augury.home / "data" / "bomb.png").write_bytes(bomb)
    (augury.home / "data" / "a.png").write_bytes(picture())
    ran = augury(
        "recipe: 1\ncollect: [{path: data}]\nfields: {image: image}\nlimits: {max_quarantined: 0.5}\n"
        "augment: {steps: [image.flip]}\n"
    )
    assert ran.code == 0, ran.err
    assert "100,000,000 pixels" in (augury.home / "out" / "quarantine.jsonl").read_text()


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_captions_are_text_in_pages(augury, picture):
    """Labels, captions, names and ids with markup make no element and no handler of the preview page."""
    (augury.home / "data").mkdir()
    (augury.home / "data" / "a.png").write_bytes(picture())
    row = {"file_name": "a.png", "caption": HARM, "boxes": [{"box": [1, 1, 5, 5], "label": HARM}], "kind": HARM}
    (augury.home / "data" / "metadata.jsonl").write_text(json.dumps(row))
    fields = "{image: image, boxes: {kind: boxes, of: image}, caption: {kind: text, about: image}, kind: category}"
    recipe = f"recipe: 1\ncollect: [{{path: data}}]\nfields: {fields}\naugment: {{steps: [image.flip]}}\n"
    assert augury(recipe, "check", "r.yaml").code == 0
    assert augury(recipe, "preview", "r.yaml", "-o", "page.html").code == 0
    page = (augury.home / "page.html").read_text()
    plain = augury(recipe.replace("augment", "augment"), "preview", "r.yaml", "-o", "again.html")
    assert plain.code == 0 and "alert(1)" in page
    tags = _Tags()
    tags.feed(page)
    assert not [a for _, a in tags.found if any(k.startswith("on") for k in a)]
    assert not [1 for t, a in tags.found if t == "img" and not a.get("src", "").startswith("data:")]
    assert page.count("<script") <= 1


def test_cells_are_no_formulas(augury):
    """With ``escape_formulas`` a spreadsheet sees text; read back it is what it was, and verify agrees."""
    cells = ["=1+1", "+1", "-x", "@SUM(A1)", "\tx", "'=already", "plain", "'quoted"]
    (augury.home / "rows.jsonl").write_text("\n".join(json.dumps({"a": c, "n": -i}) for i, c in enumerate(cells)))
    recipe = "recipe: 1\ncollect: [{path: rows.jsonl}]\nfields: {a: id, n: {kind: number, integer: true}}\n"
    ran = augury(recipe + "write: {format: csv, escape_formulas: true}\n")
    assert ran.code == 0, ran.err
    (path,) = (augury.home / "out").glob("data/rows/train-*.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert not [r["a"] for r in rows if r["a"][:1] in "=+-@\t\r"]
    assert sorted(int(r["n"]) for r in rows) == sorted(-i for i in range(len(cells)))
    assert verify(augury.home / "out").ok


def test_a_number_is_not_a_formula(augury):
    """A negative number stays a number in CSV."""
    (augury.home / "rows.csv").write_text("n\n-5\n")
    fields = "fields: {n: {kind: number, integer: true}}\nwrite: {format: csv, escape_formulas: true}\n"
    assert augury(f"recipe: 1\ncollect: [{{path: rows.csv}}]\n{fields}").code == 0
    (path,) = (augury.home / "out").glob("data/rows/train-*.csv")
    assert path.read_text().splitlines()[1].startswith("-5,")
