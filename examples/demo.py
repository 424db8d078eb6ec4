"""The demo: a real mixed corpus becomes a dataset that is augmented, split, verified and replayable.

``make demo`` runs it in examples/demo; ``python examples/demo.py FOLDER`` in a folder of your own. It runs the same
commands that you would type, and prints them.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from contact_sheet import draw, read_families
from corpus import build

HOME = Path(__file__).parent / "demo"
REPLAYED = {"photos": "retina.jpg", "calls": "09-diane.wav", "wine": "wine-002", "patients": "patient-003"}


def main() -> None:
    """Build the corpus, run the commands, draw the contact sheet, and say what to try next."""
    started = time.monotonic()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HOME
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != HOME.resolve() and not (folder / "recipe.yaml").exists():
        shutil.copy(HOME / "recipe.yaml", folder)
    recipe, dataset, sheet, page = (
        shown(folder / name) for name in ("recipe.yaml", "out", "contact-sheet.png", "preview.html")
    )

    say("a corpus of real data, out of packages that are installed")
    corpus = build(folder / "corpus")
    print(f"{shown(corpus)}: {count(corpus, '*.jpg')} photographs, {count(corpus, '*.wav')} calls, 2 tables")

    say("is the recipe right? nothing is run")
    augury("check", recipe)
    say("build the dataset, on two processes")
    augury("run", recipe, "-o", dataset, "--workers", "2", "--fresh")
    say("every hash, every count, every parent; no record on two sides")
    augury("verify", dataset)
    say("rebuild one row of each collection from its source, and compare bit for bit")
    rows = replayed(dataset)
    for row in rows:
        augury("replay", dataset, row)
    say("why does it look as it does?")
    augury("replay", dataset, rows[0], "--explain")
    say("a page with records before and after")
    augury("preview", recipe, "-o", page)
    draw(dataset, sheet)

    say(f"done in {time.monotonic() - started:.0f} s")
    print(summary(recipe, dataset, sheet, page, rows[0]))


def augury(*words: object) -> None:
    """Run one command as a user would type it, after printing it; a failure ends the demo."""
    print(f"$ augury {shlex.join(map(str, words))}", flush=True)
    done = subprocess.run([sys.executable, "-m", "augury", *map(str, words)], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def shown(path: Path) -> Path:
    """Return a path as short as it can be written from here."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def say(what: str) -> None:
    """Print a heading."""
    print(f"\n# {what}", flush=True)


def count(folder: Path, pattern: str) -> int:
    """Return how many files below a folder match."""
    return len(list(folder.rglob(pattern)))


def replayed(dataset: Path) -> list[str]:
    """Return the id of a copy of one record of each collection."""
    out = []
    for collection, key in REPLAYED.items():
        families = read_families(dataset, collection)
        family = families.get(f"{collection}/{key}") or next(iter(families.values()), [])
        out += [row["augury_id"] for row in family[1:3][-1:]]
    return out


def summary(recipe: Path, dataset: Path, sheet: Path, page: Path, row: str) -> str:
    """Return what was made, where it lies, and what to try next."""
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    made = []
    for collection, sides in manifest["counts"].items():
        originals = sum(side["originals"] for side in sides.values())
        copies = sum(side["rows"] for side in sides.values()) - originals
        made.append(f"  {collection:<9} {originals:>4} records, {copies:>4} copies")
    return "\n".join(
        [
            "made",
            *made,
            "",
            "look at",
            f"  {sheet}    originals and copies, in one picture",
            f"  {page}         the same with sound; open it in a browser",
            f"  {dataset}/                 the dataset (parquet, as Hugging Face's datasets reads it)",
            "",
            "try next (first: source .venv/bin/activate)",
            f"  change angle_deg_range in {recipe}, then",
            f"    augury run {recipe} -o {dataset} --fresh",
            f"  ask why a row looks as it does:  augury replay {dataset} {row} --explain",
            "  see what there is:               augury ops list    augury ops show image.affine",
            "  write a transform of your own:   python examples/one_function.py",
        ]
    )


if __name__ == "__main__":
    main()
