"""The demo, run once as a newcomer runs it; the example plugin, installed once beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Demo(NamedTuple):
    """A folder that looks like the repository after ``make demo``, and what the demo printed."""

    folder: Path
    printed: str

    @property
    def home(self):
        """Where the demo put its recipe, corpus, dataset, picture and page."""
        return self.folder / "examples" / "demo"

    def copy(self, to):
        """Return this demo in another folder, to be changed there."""
        shutil.copytree(self.folder, to)
        return Demo(to, self.printed)


def run(command, cwd, **environment):
    """Run a command with this environment's ``augury`` and ``python``; return the finished process, output merged."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "COLUMNS": "120", "HF_HUB_OFFLINE": "1"} | environment
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        shell=isinstance(command, str),
        executable="/bin/bash" if isinstance(command, str) else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The examples, copied, and the demo run in them."""
    folder = tmp_path_factory.mktemp("demo") / "repository"
    ignored = shutil.ignore_patterns("__pycache__", "corpus", "out", "contact-sheet.png", "preview.html")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=ignored)
    done = run([sys.executable, "-W", "error", "examples/demo.py"], folder)
    assert done.returncode == 0, done.stdout
    return Demo(folder, done.stdout)


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory):
    """A folder for PYTHONPATH that the example plugin is installed in."""
    site = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    source = ROOT / "examples" / "augury-vintage"
    done = run([sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)], ROOT)
    assert done.returncode == 0, done.stdout
    return site
