"""A fresh environment: our distributions installed from wheels, the packages of others lent by this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
ON_TORCH = () if find_spec("torch") else ("augury-synthesis",)
"""What cannot be installed here, for want of torch."""
PROJECTS = [
    ROOT, *sorted(p.parent for p in ROOT.glob("plugins/*/pyproject.toml") if p.parent.name not in ON_TORCH)
]  # fmt: skip
OURS = ("augury", "_editable_impl_augury", "pyannote")
"""What is not lent: our own distributions, and one whose own requirements are left out on purpose."""


class Environment:
    """A virtual environment without anything of ours; pip installs into it from one folder of wheels."""

    def __init__(self, folder: Path) -> None:
        """Make it in ``folder``."""
        self.folder = folder
        venv.create(folder / "venv", symlinks=True, with_pip=False)
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.site = folder / "venv" / "lib" / version / "site-packages"
        lent = folder / "lent"
        lent.mkdir()
        for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
            if not path.name.startswith(OURS) and path.suffix != ".pth" and path.name != "__pycache__":
                (lent / path.name).symlink_to(path)
        (self.site / "lent.pth").write_text(f"{lent}\n")

    def run(self, *command: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``python`` or ``augury`` of this environment; output and errors are merged."""
        program = self.folder / "venv" / "bin" / command[0]
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_NO_COMPILE": "1", "PIP_NO_CACHE_DIR": "1"}
        fixed = {"COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        return subprocess.run(
            [str(program), *command[1:]],
            cwd=cwd or self.folder,
            env={**keep, **pip, **fixed, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )

    def good(self, *command: str, cwd: Path | None = None, **variables: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        done = self.run(*command, cwd=cwd, **variables)
        assert done.returncode == 0, f"$ {' '.join(command)}\n{done.stdout}"
        return done.stdout

    def json(self, *command: str, **variables: str) -> Any:
        """Run a command that prints JSON, and return that."""
        return json.loads(self.good(*command, **variables))

    def build(self, projects: Iterable[Path]) -> None:
        """Build the wheels of projects into this environment's folder of wheels."""
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(self.wheels))
        self.good("python", "-m", "pip", "wheel", *options, *map(str, projects))

    def install(self, *names: str) -> None:
        """Install distributions and all that they need, from the wheels alone."""
        self.good("python", "-m", "pip", "install", "--quiet", *names)
