"""Writes the pages that are made from the registry: ops, cleaners, kinds, formats, errors and image-catalogue.

``python docs/generate.py`` writes them, ``--check`` says which are out of date and exits 1. The core and the modalities
are listed, whatever else is installed.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import image_catalogue

from augury import effects, errors
from augury.catalog import Entry, registry
from augury.cleaner import Cleaner
from augury.detector import Detector
from augury.op import Op, kinds_of
from augury.params import Configured, bounds_text, params_of, type_text

HERE = Path(__file__).parent
DISTRIBUTIONS = ("augury", "augury-audio", "augury-image", "augury-tabular", "augury-text")
HEAD = "<!-- Made by `make docs` from the registry; do not edit. -->\n"


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or compare them with what they would be."""
    stale = []
    for name, make in PAGES.items():
        path, text = HERE / name, HEAD + make()
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"docs: expected generated pages that are up to date, got stale {', '.join(stale)}. Fix: run make docs.")
    return 1 if stale else 0


# -- pages -------------------------------------------------------------------------------------------------------------


def ops_page() -> str:
    """Return the page of all ops, a table a distribution."""
    out = [
        "# Ops\n",
        "Every step also takes `p` (1 unless given), `when`, `name`, `field` and `independent`; "
        "one with donors also `pool`.",
        "Ranges are `[lo, hi]`. *Follow* are the kinds of fields that move along when they lie on the field (`of`);",
        "for the others nothing moves. `augury ops show ID` prints all there is about one op.\n",
    ]
    for dist, entries in by_distribution("ops"):
        rows = [[f"`{e.id}`", sentence(e), " or ".join(kinds_of(e.load())), e.spec.effect, followers(e), options(e)]  # type: ignore[attr-defined]
                for e in entries]  # fmt: skip
        out += [f"## {dist}\n", table(["id", "what it does", "on", "effect", "follow", "parameters"], rows)]
    return "\n".join(out)


def cleaners_page() -> str:
    """Return the page of all cleaners and detectors of near-duplicates."""
    out = [
        "# Cleaners and detectors\n",
        "A cleaner judges a record, by a reason that rejected records are counted by, or cuts it into pieces that",
        "everything on it follows. Those that are *fitted* judge the training side, by what they learnt from it. What",
        "changes a value is an [op](ops.md). A detector finds near-duplicates: *near* is the similarity from which two",
        "values count as such unless the recipe says another.\n",
        "## Cleaners\n",
    ]
    for dist, entries in by_distribution("cleaners"):
        rows = []
        for entry in entries:
            cleaner = entry.load()
            does = "cuts" if cleaner.pieces is not Cleaner.pieces else ", ".join(f"`{r}`" for r in reasons(cleaner))
            fitted = "yes" if cleaner.fits else "-"
            rows.append([f"`{entry.id}`", sentence(entry), on(cleaner), does, fitted, options(entry)])
        out += [f"### {dist}\n", table(["id", "what it does", "on", "reasons", "fitted", "parameters"], rows)]
    out.append("## Detectors\n")
    rows = []
    for _, entries in by_distribution("detectors"):
        for entry in entries:
            detector = entry.load()
            rows.append([f"`{entry.id}`", sentence(entry), on(detector), f"{detector.near:g}", options(entry)])
    out.append(table(["id", "what it finds", "on", "near", "parameters"], rows))
    return "\n".join(out)


def kinds_page() -> str:
    """Return the page of all kinds and couplings."""
    out = [
        "# Kinds and couplings\n",
        "Options stand beside `kind:`. Every field also takes `role` (label, group, key, meta), one link (`of`,",
        "`about`, `transcribes`, `sees`), `on_unmoved` (error, drop) and `on_empty` (keep, drop).\n",
    ]
    for dist, entries in by_distribution("kinds"):
        rows = []
        for entry in entries:
            kind = entry.load()
            lies = ", ".join(sorted(kind.follows)) or "-"
            rows.append([f"`{entry.id}`", sentence(entry), kind.space or "-", lies, options(entry)])
        out += [f"## {dist}\n", table(["id", "what it is", "space", "follows", "options"], rows)]
    rules = [[f"`{e.id}`", sentence(e), s.link, s.space, s.source, s.destination]
             for _, entries in by_distribution("couplings") for e in entries for s in [e.spec]]  # type: ignore[attr-defined] # fmt: skip
    out += ["## Couplings\n", table(["id", "rule", "link", "space", "from", "to"], rules)]
    return "\n".join(out)


def formats_page() -> str:
    """Return the page of file formats and their options."""
    out = ["# Formats: options\n", "Options stand beside `format:` in a `collect` entry or under `write:`.\n"]
    for dist, entries in by_distribution("formats"):
        rows = [[f"`{e.id}`", sentence(e), ", ".join(e.spec.extensions) or "a folder",  # type: ignore[attr-defined]
                 " and ".join(w for w in ("reads", "writes") if getattr(e.spec, w)), options(e)]
                for e in entries]  # fmt: skip
        out += [f"## {dist}\n", table(["id", "what it is", "guessed from", "does", "options"], rows)]
    return "\n".join(out)


def errors_page() -> str:
    """Return the page of errors and exit codes."""
    codes = {0: "done", 1: "a check failed", 2: "the command or the recipe is wrong", 3: "the data is wrong",
             4: "the environment failed (disk, memory, lock); run it again", 130: "interrupted"}  # fmt: skip
    classes = [e for e in vars(errors).values() if inspect.isclass(e) and issubclass(e, errors.AuguryError)]
    rows = [[f"`{e.__name__}`", f"`{e.__base__.__name__}`", str(e.exit_code), flat(inspect.getdoc(e))] for e in classes]  # type: ignore[union-attr]
    return "\n".join(
        [
            "# Errors\n",
            "Every message has one form: `<where>: expected <what>, got <value>. Did you mean <name>? Fix: <action>.`",
            "All errors that are raised on purpose are `augury.errors.AuguryError`.\n",
            table(["exit code", "means"], [[str(code), text] for code, text in codes.items()]),
            table(["error", "is a", "exit code", "means"], rows),
        ]
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "ops.md": ops_page,
    "cleaners.md": cleaners_page,
    "kinds.md": kinds_page,
    "formats-reference.md": formats_page,
    "errors.md": errors_page,
    "image-catalogue.md": image_catalogue.page,
}


# -- parts -------------------------------------------------------------------------------------------------------------


def by_distribution(group: str) -> list[tuple[str, list[Entry]]]:
    """Return the entries of a group, sorted by id, for each listed distribution that has any."""
    entries = sorted(registry().entries(group), key=lambda e: e.id)
    found = [(dist, [e for e in entries if e.dist == dist]) for dist in DISTRIBUTIONS]
    return [(dist, own) for dist, own in found if own]


def on(cls: type[Cleaner] | type[Detector]) -> str:
    """Return the kinds that a cleaner or detector looks at, or those of the columns of a row."""
    kinds = (cls.on,) if isinstance(cls.on, str) else cls.on
    return " or ".join(kinds) + (f" ({', '.join(cls.columns)})" if cls.columns else "")


def reasons(cleaner: type[Cleaner]) -> list[str]:
    """Return the reasons that a cleaner's docstring names under Rejects."""
    return re.findall(r"``(\w+)``", (cleaner.__doc__ or "").partition("Rejects:")[2].partition("\n\n")[0])


def followers(entry: Entry) -> str:
    """Return the kinds that lie on an op's fields and move with it, then those along couplings."""
    op: type[Op] = entry.load()
    effect = getattr(effects, entry.spec.effect, None)  # type: ignore[attr-defined]
    if effect is None or effect in effects.STILL:
        return "-"
    kinds = {e.id: e.load() for e in registry().entries("kinds") if e.dist in DISTRIBUTIONS}
    spaces = {kinds[on].space for on in kinds_of(op) if on in kinds}
    names = sorted(name for name, kind in kinds.items() if kind.follows & spaces)
    rules = [e.spec for e in registry().entries("couplings") if e.dist in DISTRIBUTIONS]
    names += sorted(f"{r.destination} ({r.link})" for r in rules if r.source in kinds_of(op))  # type: ignore[attr-defined]
    return ", ".join(names) or "-"


def options(entry: Entry) -> str:
    """Return an entry's parameters: name, type, bounds, default, meaning."""
    cls: type[Configured] = entry.load()
    lines = []
    for p in params_of(cls):
        default = "required" if p.required else f"`{json.dumps(p.default, default=str)}`"
        lines.append(f"`{p.name}` {type_text(p.type)}{bounds_text(p.bounds)}, {default}: {flat(p.doc)}")
    return "<br>".join(lines) or "-"


def sentence(entry: Entry) -> str:
    """Return an entry's summary, ended by a period."""
    return entry.spec.summary.rstrip(".") + "."


def flat(text: str | None) -> str:
    """Return text on one line, in Markdown's way of marking code."""
    return " ".join((text or "").split()).replace("``", "`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
