"""What an installation weighs: `make footprint`.

Installs the light set (the core and the four modalities), then everything with every bridged library, each into a fresh
environment at the pinned versions, and prints the time, the size on disk and what `pip check` says.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODALITIES = [".", *(f"plugins/augury-{name}" for name in ("image", "text", "audio", "tabular"))]
BRIDGES = "albumentations,torchvision,kornia,audiomentations,torchaudio,librosa,nlpaug"
SETS = {
    "light: core, image, text, audio, tabular": (MODALITIES, "dev.txt"),
    "everything, all seven bridged libraries": ([*MODALITIES, f"plugins/augury-bridges[{BRIDGES}]"], "bench.txt"),
}


def main() -> None:
    """Print one line for each set; exit 1 where one does not install, does not agree, or the light one has torch."""
    failed = False
    for what, (projects, pins) in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            constraints = place / "pins.txt"
            constraints.write_text("\n".join(_versions(ROOT / "tests" / "requirements" / pins)))
            venv.create(place / "env", with_pip=True)
            python = place / "env" / "bin" / "python"
            started = time.perf_counter()
            local = [str(ROOT / p) if p != "." else str(ROOT) for p in projects]
            _pip(python, "install", "--quiet", "--constraint", str(constraints), *local)
            seconds = time.perf_counter() - started
            agrees = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
            installed = {line.split("==")[0].lower() for line in _pip(python, "freeze").splitlines()}
            size = sum(f.lstat().st_size for f in (place / "env").rglob("*") if f.is_file()) / 1e6
            torch = "torch" in installed
            print(
                f"{what}: {len(installed)} distributions, {size:,.0f} MB, {seconds:.0f} s, {'with' if torch else 'no'} torch"
            )
            print(f"  pip check: {agrees.stdout.strip()}", flush=True)
            failed |= agrees.returncode != 0 or (torch and what.startswith("light"))
    sys.exit(failed)


def _versions(lock: Path) -> list[str]:
    """The pins of a lock file without their hashes, which local projects cannot have."""
    return re.findall(r"^([\w.-]+==\S+)", lock.read_text(), re.MULTILINE)


def _pip(python: Path, *arguments: str) -> str:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
