"""Death at any point: of the run at every write, sync and rename, of run and workers at random moments."""

import importlib
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

import augury
from augury.dataset import verify
from tests.durability.conftest import content, outcome, start

SOAK = int(os.environ.get("AUGURY_SOAK", "3"))
"""Random kills: three in CI, twenty under ``make soak``."""


@pytest.fixture(autouse=True, scope="module")
def warm(corpus):
    """Import here what a run needs, so that its forked copies need not."""
    augury.load(corpus / "recipe.yaml")
    for name in ("cv2", "duckdb", "pyarrow.parquet", "scipy.spatial", "augury_image.codec", "augury_tabular.ops.smote"):
        importlib.import_module(name)
    for name in ("building", "plan", "upload", "verifying", "near", "clusters"):
        importlib.import_module(f"augury.dataset.{name}")
    for name in ("augury.report.remembered", "augury.report.writing"):
        importlib.import_module(name)


def _forked(corpus, out, variable, n):
    """Run in a forked copy of this process, which has everything imported; return its exit status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    try:
        from augury import durable

        setattr(durable, f"_{variable}", n)
        durable._passed.update(crash=0, enospc=0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        augury.load(corpus / "recipe.yaml").run(out)
    except augury.errors.EngineError:
        os._exit(4)
    except BaseException:
        os._exit(99)
    os._exit(0)


def _points(corpus, tmp_path, variable, first=1):
    """Yield (n, folder, exit status) for every point from the first on, until a run passes none more."""
    for n in range(first, 2000):
        folder = tmp_path / str(n)
        folder.mkdir()
        status = _forked(corpus, folder / "out", variable, n)
        yield n, folder, status
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            return
        shutil.rmtree(folder)


def _crash_everywhere(corpus, untouched, tmp_path, first=1):
    """Crash at every point from the first on and go on after each; return the last point there is."""
    for n, folder, status in _points(corpus, tmp_path, "CRASH", first):
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            if (folder / "out").exists():
                assert verify(folder / "out").ok  # whole: the renaming was done
                continue
            assert _forked(corpus, folder / "out", "CRASH", 0) == 0, f"going on after a crash at point {n}"
        assert content(folder / "out") == untouched, f"after a crash at point {n}"
        assert sorted(p.name for p in folder.iterdir()) == ["out"], f"left behind after a crash at point {n}"
    return n - 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_crash_point(corpus, untouched, tmp_path):
    """Killed before and after each write, sync and rename: no partial dataset, and going on ends at the same hash."""
    last = _crash_everywhere(corpus, untouched, tmp_path)
    assert last > 60
    print(f"\n{last} crash points")
    # With the page there are a few more, towards the end.
    own = shutil.copytree(corpus, tmp_path / "corpus")
    (own / "recipe.yaml").write_text((own / "recipe.yaml").read_text().replace("page: false", "page: true"))
    (tmp_path / "page").mkdir()
    assert _crash_everywhere(own, untouched, tmp_path / "page", last - 10) == last + 4


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_full_disk_at_every_write(corpus, untouched, tmp_path):
    """ENOSPC from the n-th write on: exit 4, no dataset, and going on with room ends at the same hash."""
    failed = 0
    for n, folder, status in _points(corpus, tmp_path, "ENOSPC"):
        assert os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, 4), (n, status)
        if os.WEXITSTATUS(status) == 4:
            failed += 1
            assert not (folder / "out").exists()
            assert _forked(corpus, folder / "out", "ENOSPC", 0) == 0, f"going on after a full disk at write {n}"
        assert content(folder / "out") == untouched, f"after a full disk at write {n}"
    assert failed > 10
    print(f"\n{failed} writes")


def _workers(pid):
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    lines = [line.split(None, 1) for line in found.stdout.splitlines()]
    return [int(number) for number, command in lines if "spawn_main" in command]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SOAK))
@pytest.mark.parametrize("victim", ["run", "worker"])
def test_random_kills(corpus, untouched, tmp_path, number, victim):
    """SIGKILL at a random moment, of the run or of a worker; then run until it is done: the same hash."""
    rng = random.Random(f"{victim} {number}")
    out = tmp_path / "out"
    for _ in range(4):
        process = start(corpus, out, "--workers", "2")
        deadline = time.monotonic() + rng.uniform(0.2, 4.0)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        if victim == "run":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            for pid in _workers(process.pid)[:1]:
                os.kill(pid, signal.SIGKILL)
        code, said = outcome(process)
        assert code in ((0, -9) if victim == "run" else (0, 4)), said
        if code == 0 or out.exists():  # a kill just after the renaming leaves a whole dataset
            break
    if not out.exists():
        code, said = outcome(start(corpus, out, "--workers", "2"))
        assert code == 0, said
    assert content(out) == untouched
    assert verify(out).ok


def _gone(pid):
    """Whether no process has ``pid`` as its session any more, waiting up to ten seconds."""
    for _ in range(100):
        left = subprocess.run(["ps", "-o", "pid=", "--sid", str(pid)], capture_output=True, check=False)
        if not left.stdout.strip():
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_can_be_gone_on_with(corpus, untouched, tmp_path):
    """Interrupted, the run exits with 130 and no worker stays; the next goes on."""
    out = tmp_path / "out"
    process = start(corpus, out, "--workers", "2")
    while process.poll() is None and not list(tmp_path.glob(".out.partial/rows/*.json")):
        time.sleep(0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    code, said = outcome(process)
    assert code in (0, 130), said
    assert _gone(process.pid)
    if code == 130:
        assert outcome(start(corpus, out))[0] == 0
    assert content(out) == untouched


def test_a_resumed_run_makes_no_finished_unit_again(corpus, untouched, tmp_path):
    """What was there keeps its time; at most one unit a worker is made anew."""
    folder = tmp_path
    for n in (30, 45):
        _forked(corpus, folder / "out", "CRASH", n)
    done = {p: p.stat().st_mtime_ns for p in folder.glob(".out.partial/*/*.arrow")}
    assert done
    pid = os.fork()
    if not pid:
        from augury.dataset import building

        put = building.put_in_place
        work = folder / ".out.partial"

        def look(made, target):
            same = all(p.exists() and p.stat().st_mtime_ns == t for p, t in done.items())
            (folder / "same").write_text(str(same and work.exists()))
            put(made, target)

        building.put_in_place = look
        augury.load(corpus / "recipe.yaml").run(folder / "out")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert (folder / "same").read_text() == "True"
    assert content(folder / "out") == untouched
