"""A plugin's distribution: which templates it is made of, and what is put into them.

Templates lie in folders that are laid over each other. In paths, ``PACKAGE`` and ``ID`` are replaced; in files,
``$dist`` and the other names of `Scaffold.values` (a dollar sign is written ``$$``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import NamedTuple

import augury
from augury.catalog import registry
from augury.errors import ParamError, describe, shown

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".tmpl"
PREFIX = "augury-"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
WHERE = "augury new plugin"


class Variant(NamedTuple):
    """What a new distribution gives: its templates, and what its one entry is."""

    layers: tuple[str, ...]
    group: str
    module: str
    summary: str
    needs: tuple[str, ...] = ()
    on: str = ""
    effect: str = ""


def _op(kind: str, summary: str, effect: str, *needs: str, on: str = "") -> Variant:
    return Variant(("common", "op", f"op_{kind}"), "ops", "ops", summary, needs, on or kind, effect)


NUMPY = "numpy>=2"


VARIANTS = {
    "image": _op("image", "Darken the image.", "Curve", "augury-image", NUMPY),
    "text": _op("text", "Write some words in capitals.", "Rope", "augury-text"),
    "audio": _op("audio", "Make the recording softer.", "Samples", "augury-audio", NUMPY),
    "table": _op("table", "Shrink numbers towards zero.", "Rows", NUMPY, on="row"),
    "kind": Variant(("common", "kind"), "kinds", "kinds", "Points on an image.", ("augury-image", NUMPY)),
    "cleaner": Variant(
        ("common", "cleaner"), "cleaners", "cleaners", "Reject dark pictures.", ("augury-image", NUMPY), "image"
    ),
    "format": Variant(("common", "format"), "formats", "formats", "JSON text sequences."),
}
"""An op on one of four things, a kind of targets on images, a cleaner of images, a file format."""


@dataclass(frozen=True)
class Scaffold:
    """A distribution that is to be written.

    Args:
        name: Its short name: ``sepia``, ``film-grain``.
        kind: A key of `VARIANTS`.
    """

    name: str
    kind: str

    @property
    def variant(self) -> Variant:
        """What it gives."""
        return VARIANTS[self.kind]

    @property
    def dist(self) -> str:
        """The distribution's name."""
        return PREFIX + self.name

    @property
    def id(self) -> str:
        """The id of its one entry."""
        short = self.name.replace("-", "_")
        return f"{self.variant.on.replace('row', 'table')}.{short}" if self.variant.on else short

    @property
    def values(self) -> dict[str, str]:
        """What the names in the templates stand for."""
        major, minor = augury.__version__.split(".")[:2]
        core = f">={major}.{minor},<{major}.{int(minor) + 1}"
        needs = (f"{need}{core}" if need.startswith("augury") else need for need in ("augury", *self.variant.needs))
        return {
            "name": self.name,
            "dist": self.dist,
            "package": self.dist.replace("-", "_"),
            "id": self.id,
            "cls": "".join(part.capitalize() for part in self.name.split("-")),
            "needs": ", ".join(f'"{need}"' for need in needs),
            **{name: getattr(self.variant, name) for name in ("module", "summary", "on", "effect")},
        }

    def files(self) -> dict[str, str]:
        """Return the text of every file by its path."""
        values, out = self.values, {}
        for folder in (TEMPLATES / layer for layer in self.variant.layers):
            for path in sorted(folder.rglob("*" + SUFFIX)):
                name = path.relative_to(folder).as_posix().removesuffix(SUFFIX)
                name = name.replace("PACKAGE", values["package"]).replace("ID", self.name.replace("-", "_"))
                out[name] = Template(path.read_text(encoding="utf-8")).substitute(values)
        return dict(sorted(out.items()))


def plan(name: str, kind: str) -> Scaffold:
    """Return the distribution that a name asks for; ``augury-`` in front of it may be left out.

    Raises:
        ParamError: when the name is not one of a distribution, or its id is taken by an installed plugin.
    """
    scaffold = Scaffold(name.removeprefix(PREFIX), kind)
    if not NAME.fullmatch(scaffold.name):
        fix = "use lower case letters, digits and single hyphens"
        raise ParamError(describe(WHERE, "a name such as sepia or film-grain", name, fix=fix))
    for entry in registry().entries(scaffold.variant.group):
        if entry.id == scaffold.id and entry.dist != scaffold.dist:
            got = shown(f"{entry.id} of {entry.dist} {entry.dist_version}")
            raise ParamError(describe(WHERE, "an id that is not taken", got, fix="choose another name"))
    return scaffold


def write(scaffold: Scaffold, parent: Path) -> Path:
    """Write the distribution into a new folder of ``parent`` that is called like it, and return that folder.

    Raises:
        ParamError: when the folder is there already.
    """
    root = parent / scaffold.dist
    if root.exists():
        fix = "choose another name, or another --out"
        raise ParamError(describe(WHERE, "a folder that is not there yet", str(root), fix=fix))
    for name, text in scaffold.files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root
