"""Write the pinned, hashed requirement files of this folder from the pyproject files: `make lock`.

The pins hold for CPython 3.11 on Linux; the hashes cover every file of a release. Local package configuration
(extra indexes, link folders, constraints) is switched off, so that a lock depends on the pyproject files alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DISTRIBUTIONS = (".", *(f"plugins/augury-{name}" for name in ("image", "text", "audio", "tabular")))
ON_TORCH = ("plugins/augury-synthesis",)
HEADER = "# Made by `make lock` from the pyproject files; do not edit.\n"


def runtime(folders: tuple[str, ...] = DISTRIBUTIONS) -> list[str]:
    """Return the third-party requirements of our own distributions."""
    found = []
    for folder in folders:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        found += [need for need in project["dependencies"] if not need.startswith("augury")]
    return found


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group of the root pyproject, its included groups unfolded."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    found = []
    for need in groups[name]:
        found += group(need["include-group"]) if isinstance(need, dict) else [need]
    return found


def run(*command: str) -> str:
    """Run a Python module without local package configuration and return what it prints."""
    environment = {key: value for key, value in os.environ.items() if not re.match(r"PIP_(?!CERT)", key)}
    environment["PIP_CONFIG_FILE"] = os.devnull
    return subprocess.run(
        [sys.executable, "-m", *command], check=True, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout


def pins(needs: list[str]) -> str:
    """Resolve requirements with all that they need to pinned lines with hashes."""
    silent = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "requirements.in"), Path(folder, "requirements.txt")
        source.write_text("\n".join(sorted(set(needs))) + "\n")
        command = ("piptools", "compile", "--quiet", "--generate-hashes", "--allow-unsafe", "--strip-extras", *silent)
        run(*command, "--output-file", str(target), str(source))
        return target.read_text()


def exactly(needs: list[str], locked: str) -> list[str]:
    """Return requirements narrowed to the versions that a lock holds."""
    versions = {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", locked, re.MULTILINE)}
    names = (re.match(r"[\w.-]+", need).group() for need in needs)
    return [f"{name}=={versions[name.lower()]}" for name in names]


def lone_pins(needs: list[str]) -> str:
    """Pin requirements alone, nothing that they need; pure wheels, so the one hash serves everywhere."""
    report = run("pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--report", "-", *needs)
    lines = []
    for item in json.loads(report)["install"]:
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        metadata = item["metadata"]
        lines.append(f"{metadata['name']}=={metadata['version']} \\\n    --hash=sha256:{digest}\n")
    return "".join(lines)


def main() -> None:
    """Write dev.txt, corpus.txt and bench.txt."""
    dev = pins(runtime() + group("dev"))
    (HERE / "dev.txt").write_text(HEADER + dev)
    (HERE / "corpus.txt").write_text(HEADER + lone_pins(group("corpus")))
    # What we measure runs on the very versions that the tests ran on.
    (HERE / "bench.txt").write_text(HEADER + pins(exactly(runtime(), dev) + runtime(ON_TORCH) + group("bench")))


if __name__ == "__main__":
    main()
