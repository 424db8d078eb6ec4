"""The pinned files answer to the pyproject files and name nothing of the machine they were made on."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.requirements import lock

FILES = {
    "dev.txt": lock.runtime() + lock.group("dev"),
    "corpus.txt": lock.group("corpus"),
    "bench.txt": lock.runtime() + lock.runtime(lock.ON_TORCH) + lock.group("bench"),
}


def pinned(name: str) -> dict[str, str]:
    """Return the versions that a lock holds, by canonical name."""
    text = (lock.HERE / name).read_text()
    return {canonicalize_name(n): v for n, v in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", FILES)
def test_pins_satisfy_the_projects(name: str) -> None:
    """Every stated requirement is pinned to a version it allows; a failure means that `make lock` was forgotten."""
    pins = pinned(name)
    wanted = [Requirement(need) for need in FILES[name]]
    unmet = [str(need) for need in wanted if pins.get(canonicalize_name(need.name), "0") not in need.specifier]
    assert not unmet


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_hashes_and_no_origin(name: str) -> None:
    """A lock holds nothing but comments, pins and hashes: no index, no link folder, no path, no address."""
    lines = (lock.HERE / name).read_text().splitlines()
    known = re.compile(r"#.*|[\w.-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|")
    assert [line for line in lines if not known.fullmatch(line)] == []
    assert not re.search(r"://|\s/", "\n".join(lines))


def test_the_light_set_has_no_torch() -> None:
    """What runs, tests and lints the light distributions installs without torch, and with a single OpenCV."""
    names = set(pinned("dev.txt"))
    assert not {name for name in names if name.startswith(("torch", "nvidia"))}
    assert {name for name in names | set(pinned("bench.txt")) if "opencv" in name} == {"opencv-python-headless"}


def test_the_peers_run_on_the_tested_versions() -> None:
    """The benchmark's environment holds our own requirements at the versions of the tests' environment."""
    names = {canonicalize_name(Requirement(need).name) for need in lock.runtime()}
    dev, bench = pinned("dev.txt"), pinned("bench.txt")
    assert {name: bench[name] for name in names} == {name: dev[name] for name in names}
