"""What a run refuses: a folder in use, another run's parts, a full or read-only disk; and records that kill."""

import json
import os
import shutil
import subprocess
import time

import pytest

import augury
from augury.errors import EngineError
from tests.durability.conftest import content, outcome, start


def test_two_runs_into_one_folder(corpus, tmp_path):
    """The second is refused with exit 4 while the first lives."""
    first = start(corpus, tmp_path / "out", "--workers", "2")
    while not (tmp_path / ".out.partial" / "run.json").exists():
        time.sleep(0.01)
    code, said = outcome(start(corpus, tmp_path / "out"))
    assert (code, "no other run into it" in said) == (4, True) or first.poll() is not None, said
    assert outcome(first)[0] == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--seed", "6"], "seed was 5, is 6"),
        (["--set", "augment.copies=2"], "recipe augment has changed"),
        (["--limit", "3"], "limit was None, is 3"),
    ],
)
def test_another_recipe_is_refused_and_named(corpus, tmp_path, change, named):
    """What an unfinished run left is never mixed with another's; --fresh starts anew."""
    out = tmp_path / "out"
    assert outcome(start(corpus, out, "--workers", "1", AUGURY_TEST_CRASH="30"))[0] == -9
    code, said = outcome(start(corpus, out, *change))
    assert code == 2 and named in said and "--fresh" in said, said
    code, said = outcome(start(corpus, out, *change, "--fresh"))
    assert code == 0, said


def test_a_changed_source_is_refused_and_named(corpus, untouched, tmp_path):
    """A source that changed after the crash is another run; restored, the run goes on."""
    own = shutil.copytree(corpus, tmp_path / "corpus")
    out = tmp_path / "out"
    assert outcome(start(own, out, "--workers", "1", AUGURY_TEST_CRASH="30"))[0] == -9
    status, text = (own / "rows.jsonl").stat(), (own / "rows.jsonl").read_text()
    (own / "rows.jsonl").write_text(text + '{"age": 1, "label": "a"}\n')
    code, said = outcome(start(own, out))
    assert code == 2 and "source rows has changed" in said, said
    (own / "rows.jsonl").write_text(text)
    os.utime(own / "rows.jsonl", ns=(status.st_atime_ns, status.st_mtime_ns))
    code, said = outcome(start(own, out))
    assert code == 0, said
    assert content(out) == untouched


class Swap:
    """Overwrites a photograph with another once all have been collected."""

    def __init__(self, folder):
        self.folder = folder

    def augury_stage_done(self, run, stage, seconds, records):
        """After the first stage."""
        if stage == "collect":
            (self.folder / "2.png").write_bytes((self.folder / "3.png").read_bytes())


def test_a_photograph_that_changes_during_a_run_stops_it(corpus, tmp_path):
    """A file that is another than was collected is never read as if it were the same."""
    own = shutil.copytree(corpus, tmp_path / "corpus")
    recipe = augury.load(own / "recipe.yaml")
    with pytest.raises(EngineError, match=r"2\.png: expected the file that was collected"):
        recipe.run(tmp_path / "out", observers=[Swap(own / "photos")])
    assert not (tmp_path / "out").exists()


def test_a_read_only_output(corpus, tmp_path):
    """A folder that may not be written to is exit 4, and nothing is left."""
    if os.geteuid() == 0:
        out = "/proc/augury/out"  # no permission bits hold root back, this does
    else:
        (tmp_path / "locked").mkdir(mode=0o500)
        out = tmp_path / "locked" / "out"
    code, said = outcome(start(corpus, out))
    assert code == 4 and "a folder to write to" in said and "Traceback" not in said, said


def test_a_small_real_disk(corpus, untouched, tmp_path):
    """On a real tmpfs that is too small the run ends with exit 4; with room it goes on to the same hash."""
    mount = f"mount -t tmpfs -o size=%s tmpfs {tmp_path} 2>/dev/null"
    probe = subprocess.run(["unshare", "-Urm", "sh", "-c", mount % "64k"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("the kernel allows no mounts of one's own here (unshare -Urm)")
    import sys

    run = f"{sys.executable} -m augury run {corpus / 'recipe.yaml'} -o {tmp_path}/out --workers 1"
    grow = f"mount -o remount,size=64m {tmp_path}"
    script = f"{mount % '48k'} && {{ {run}; echo first $?; {grow}; {run} --json; echo second $?; }}"
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert "first 4" in done.stdout and "second 0" in done.stdout, done.stdout + done.stderr
    assert untouched in done.stdout
    assert "Traceback" not in done.stderr


KILLER = '''
import os
import augury

@augury.transform("table.deadly")
def deadly(row, rng):
    """Kill the process that meets the age of 25."""
    if row["age"] == 25:
        os.kill(os.getpid(), 9)
    return {}
'''


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_record_that_kills_is_found_and_left_out(corpus, tmp_path, workers):
    """The unit is halved down to the record, which is quarantined as crashed; the rest is made."""
    own = shutil.copytree(corpus, tmp_path / "corpus")
    (own / "deadly.py").write_text(KILLER)
    recipe = (own / "recipe.yaml").read_text().replace("seed: 5", "seed: 5\ntransforms: [deadly.py]")
    recipe = recipe.replace("  - table.smote: {k: 2}", "  - table.deadly: {field: [age]}").replace(
        "{train: 0.75, test: 0.25}", "{train: 1.0}"
    )
    (own / "recipe.yaml").write_text(recipe)
    out = tmp_path / "out"
    tries = 0
    code = -9
    while code == -9 and tries < 5:
        code, said = outcome(start(own, out, "--workers", workers, "--allow-code"))
        tries += 1
    assert code == 0, said
    assert tries == (3 if workers == "1" else 1)
    lines = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
    crashed = [line for line in lines if line["code"] == "crashed"]
    assert len(crashed) == 1 and "signal 9" in crashed[0]["reason"]
