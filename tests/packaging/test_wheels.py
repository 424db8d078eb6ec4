"""Every distribution of the repository builds to a wheel that stands alone."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    """Build all wheels with the installed backend and open them, by the project's folder name."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, *map(str, PROJECTS)], check=True)
    built = {path.name.split("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}
    return {name: zipfile.ZipFile(path) for name, path in built.items()}


@pytest.mark.slow
@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name if path != ROOT else "augury")
def test_wheel_is_complete(project: Path, wheels: dict[str, zipfile.ZipFile]) -> None:
    """A wheel holds each committed file of its package, is typed, and its entry points name modules it holds."""
    settings = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    package = settings["name"].replace("-", "_")
    names = set(wheels[settings["name"]].namelist())
    listed = subprocess.run(["git", "ls-files", "-z", f"src/{package}"], cwd=project, capture_output=True, check=True)
    committed = {path.removeprefix("src/") for path in listed.stdout.decode().split("\0") if path}
    assert committed <= names
    assert f"{package}/py.typed" in names
    targets = [*settings.get("scripts", {}).values(), *settings.get("entry-points", {}).get("augury.v1", {}).values()]
    modules = [target.partition(":")[0].replace(".", "/") for target in targets]
    assert [name for name in modules if not {f"{name}.py", f"{name}/__init__.py"} & names] == []
    ours = {name for name in names if "/templates/" not in name}
    assert not {name for name in ours if "/tests/" in name or name.startswith("tests/")}
