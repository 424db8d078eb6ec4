"""The commands as a user types them: run, verify, replay, preview, check."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from augury.recipe import load
from tests.e2e.commands.conftest import EVIL, command, process
from tests.unit.preview.test_markup import seen


def test_run_says_what_came_out(corpus):
    """run prints a table of what there is, the content hash, and what to do next; progress goes to standard error."""
    ran = process("run", "r.yaml", "--workers", "2", cwd=corpus)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == ["COLLECTION", "SIDE", "RECORDS", "COPIES", "ROWS"]
    rows = {tuple(line.split()[:2]): [int(n) for n in line.split()[2:]] for line in lines[1:] if "train" in line}
    assert rows == {("photos", "train"): [4, 8, 12], ("calls", "train"): [4, 8, 12], ("people", "train"): [9, 18, 27]}
    assert re.search(r"^content hash [0-9a-f]{64}$", ran.out, re.M)
    assert "augury verify r" in lines[-1]
    assert "collect" in ran.err and "Traceback" not in ran.err and "\x1b" not in ran.err


def test_same_hash_for_any_workers_and_from_python(corpus, dataset):
    """Two workers, another folder, and Python give the content hash of one worker."""
    made = json.loads((dataset / "manifest.json").read_text())["content_hash"]
    ran = command("run", "r.yaml", "-o", "two", "--workers", "2", "--json", cwd=corpus)
    assert json.loads(ran.out)["content_hash"] == made
    assert load(corpus / "r.yaml").run(corpus / "three").content_hash == made


def test_set_and_seed_change_the_run(corpus, dataset):
    """--seed and --set reach the run."""
    made = json.loads((dataset / "manifest.json").read_text())["content_hash"]
    ran = command("run", "r.yaml", "--seed", "8", "--set", "augment.copies=1", "--workers", "1", "--json", cwd=corpus)
    told = json.loads(ran.out)
    assert told["content_hash"] != made and told["counts"]["people"]["train"]["rows"] == 18


def test_run_again(corpus):
    """A finished dataset is replaced only on request."""
    assert command("run", "r.yaml", "--limit", "2", "--workers", "1", cwd=corpus).code == 0
    ran = command("run", "r.yaml", "--limit", "2", "--workers", "1", cwd=corpus)
    assert ran.code == 2 and "--fresh" in ran.err
    assert command("run", "r.yaml", "--limit", "2", "--workers", "1", "--fresh", cwd=corpus).code == 0


def test_verify(dataset):
    """A whole dataset is well."""
    ran = command("verify", dataset)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[-1] == "51 rows, all is well"
    told = json.loads(command("verify", dataset, "--json").out)
    assert told["ok"] and told["findings"] == []


def test_verify_names_the_place(dataset, tmp_path):
    """One changed byte of a shard is found, named, and exits with 1."""
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    shard = sorted((copy / "data" / "people").rglob("*.parquet"), key=lambda p: -p.stat().st_size)[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 3] ^= 1
    shard.write_bytes(data)
    ran = command("verify", copy)
    assert ran.code == 1
    assert shard.relative_to(copy).as_posix() in ran.err
    told = command("verify", copy, "--json")
    assert told.code == 1 and not json.loads(told.out)["ok"]


def test_verify_of_nothing(tmp_path):
    """A folder without a dataset is told to be one."""
    ran = command("verify", tmp_path)
    assert ran.code == 3 and "expected a finished dataset with manifest.json, got none. Fix:" in ran.err


@pytest.mark.parametrize("row", ["photos/1.png@0", "calls/2.wav@1", "people/p3@0", "photos/1.png"])
def test_replay(dataset, row):
    """A row of every modality is rebuilt bit for bit, and explained."""
    ran = command("replay", dataset, row, "--explain")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].startswith(row.split("@")[0]) and lines[-1] == f"{row}: rebuilt, equal bit for bit"
    if row == "photos/1.png@0":
        assert "image.flip on photo" in ran.out and "image.rotate on photo: angle_deg=" in ran.out


def test_replay_json(dataset):
    """The same for programs."""
    told = json.loads(command("replay", dataset, "people/p1@1", "--json").out)
    assert told["equal"] and told["differences"] == [] and "table.jitter" in told["explanation"]


def test_replay_of_no_row(dataset):
    """A row that is not there is told."""
    ran = command("replay", dataset, "people/p99@0")
    assert ran.code == 2 and "expected a row of the dataset, got 'people/p99@0'" in ran.err


def test_replay_of_a_changed_source(corpus):
    """A source that is not what it was is told, not glossed over."""
    assert command("run", "r.yaml", "--workers", "1", cwd=corpus).code == 0
    text = (corpus / "people.csv").read_text()
    (corpus / "people.csv").write_text(text.replace("p3,23", "p3,99"))
    ran = command("replay", "r", "people/p3@0", cwd=corpus)
    assert ran.code == 1 and "people/p3" in ran.err


def test_preview(corpus):
    """The page holds everything itself, escapes what the data says, and shows what a run makes."""
    ran = command("preview", "r.yaml", "-n", "2", "-o", "page.html", cwd=corpus)
    assert ran.code == 0, ran.err
    page = (corpus / "page.html").read_text()
    found = seen(page)
    tags = [tag for tag, _ in found.elements]
    assert "script" not in tags and "i" not in tags and "link" not in tags and "iframe" not in tags
    assert "<script>" not in page and EVIL.split(" of ")[1].split(" a tree")[0] in found.text
    assert "<i>dog</i>" in found.text and "<b>Bern</b>" not in page
    assert not [v for _, attrs in found.elements for k, v in attrs.items() if k.startswith("on")]
    links = [v for _, attrs in found.elements for k, v in attrs.items() if k in ("src", "href")]
    assert links and all(v.startswith(("data:", "#")) for v in links)
    assert not re.findall(r"url\(|@import|https?://", page)
    assert tags.count("article") == 4 and tags.count("audio") == 4 and tags.count("polygon") >= 8
    assert {"del", "ins", "mark"} - {"mark"} <= set(tags)
    for text in ("photos/0.png", "calls/1.wav", "p1", "image.rotate", "angle_deg"):
        assert text in found.text


def test_preview_tells_what_is_left_out(corpus):
    """A damaged record is told with its reason, and the others are shown."""
    (corpus / "photos" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert command("preview", "r.yaml", cwd=corpus).code == 0
    page = seen((corpus / "r.preview.html").read_text())
    assert (
        "1 record left out" in page.text
        and "metadata.jsonl:1: field 'photo'" in page.text
        and "photos/1.png" in page.text
    )


def test_preview_of_ops_that_take_donors_and_are_fitted(corpus):
    """Donors and statistics come from the first records, and the page says so."""
    step = "augment.steps=[{image.mixup: {}}, {table.smote: {field: [age], label: city}}]"
    ran = command("preview", "r.yaml", "--set", step, cwd=corpus)
    assert ran.code == 0, ran.err
    page = seen((corpus / "r.preview.html").read_text())
    assert "Donors and statistics come from the first" in page.text and "image.mixup" in page.text


def test_check(corpus):
    """A good recipe is summed up; nothing is made."""
    before = sorted(p.name for p in corpus.iterdir())
    ran = command("check", "r.yaml", cwd=corpus)
    assert ran.code == 0 and "r.yaml: no mistakes; hash" in ran.out
    assert sorted(p.name for p in corpus.iterdir()) == before


def test_check_shows_every_mistake(corpus):
    """All mistakes come at once, for people and for programs."""
    text = (corpus / "r.yaml").read_text().replace("image.flip", "image.flop").replace("seed: 7", "sed: 7")
    (corpus / "bad.yaml").write_text(text)
    ran = command("check", "bad.yaml", cwd=corpus)
    assert ran.code == 2 and ran.out == ""
    assert ran.err.splitlines()[0].startswith(
        "bad.yaml:2 sed: expected a key of a recipe, got 'sed'. Did you mean seed?"
    )
    assert "image.flop: expected an op that is installed, got 'image.flop'. Did you mean image.flip" in ran.err
    assert ran.err.splitlines()[-1] == "bad.yaml: 2 mistakes"
    told = json.loads(command("check", "bad.yaml", "--json", cwd=corpus).out)
    assert not told["ok"] and [e["line"] for e in told["errors"]] == [2, 20]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("after", [0, 0.05, 0.1, 0.15, 0.3])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_interrupt(corpus, send, after):
    """Ctrl-C ends a run with 130, one line, and no half dataset: also while its workers start, and told to all."""
    lines = ["name,age,city", *(f"p{i},{i},Rome" for i in range(200_000))]
    (corpus / "people.csv").write_text("\n".join(lines))
    process = subprocess.Popen(
        [sys.executable, "-m", "augury", "run", "r.yaml", "--workers", "2"],
        cwd=corpus, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while process.poll() is None and not (corpus / ".r.partial").exists():
        time.sleep(0.01)
    time.sleep(after)
    send(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # Where the signal comes while Python imports a module, Python itself ends by it, which a shell shows as 130 too.
    assert process.returncode in (130, -signal.SIGINT), err
    assert "interrupted" in err and "Traceback" not in err
    assert not (corpus / "r").exists()
