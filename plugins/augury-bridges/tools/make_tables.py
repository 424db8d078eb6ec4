"""Writes src/augury_bridges/tables from the libraries that are installed.

``python tools/make_tables.py [LIBRARY ...]`` writes, ``--check`` says which tables are out of date and exits 1.
"""

from __future__ import annotations

import enum
import inspect
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from judged import EXAMPLES, NEEDS, NOT_TRANSFORMS, REFUSED, REQUIRED, ROLES

from augury_bridges.making import Bridged

TABLES = Path(__file__).parents[1] / "src" / "augury_bridges" / "tables"
HIDDEN = {
    "albumentations": {"p", "always_apply"},
    "torchvision": {"p", "inplace"},
    "kornia": {"p", "p_batch", "same_on_batch", "keepdim", "return_transform", "data_keys"},
    "audiomentations": {"p", "part_transform", "noise_transform", "lru_cache_size"},
    "torchaudio": {"waveform", "sample_rate", "orig_freq", "x"},
    "librosa": {"y", "sr"},
    "nlpaug": {"name", "verbose", "tokenizer", "reverse_tokenizer", "device", "stateless", "sampling_rate", "silence",
               "force_reload", "model", "generate_all_combinations", "noises"},
}  # fmt: skip
SIMPLE = {"bool": bool, "int": int, "float": float, "str": str}
LONGEST_DOC = 160


def main(arguments: list[str]) -> int:
    """Write the tables, or compare them with what they would be."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    warnings.simplefilter("ignore")
    made = {library: table(library) for library in [a for a in arguments if a in LISTS] or LISTS}
    written = {f"{library}.json": made[library] for library in made}
    known = json.loads((TABLES / "names.json").read_text()) if (TABLES / "names.json").exists() else {}
    written["names.json"] = dict(
        sorted({**known, **{library: names(library, made[library]) for library in made}}.items())
    )
    stale = []
    TABLES.mkdir(exist_ok=True)
    for name, content in written.items():
        path, text = TABLES / name, lines(content) + "\n"
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"tables: expected them up to date, got stale {', '.join(stale)}. Fix: run {Path(__file__).name}.")
    return 1 if stale else 0


def lines(content: dict[str, Any]) -> str:
    """Return JSON with one transform a line."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    text = re.sub(r'(?<=[{\[}\]] )(?="[A-Za-z_0-9]+": \{"on")|(?<=\{)(?="[A-Za-z_0-9]+": \{"on")', "\n", text)
    return re.sub(r'(?<=[\[ ])(?=\["[A-Za-z_0-9]+", "(?:image|audio|text)")', "\n", text)


def table(library: str) -> dict[str, Any]:
    """Return what is to be known of a library's transforms."""
    ops = {name: row(library, name, thing, on, role) for name, thing, on, role in sorted(LISTS[library](), key=_first)}
    unknown = [n for judged in (REFUSED, ROLES, EXAMPLES) for n in judged.get(library, {}) if n not in ops]
    if unknown:
        raise SystemExit(f"judged.py: expected transforms of {library}, got {', '.join(unknown)}. Fix: take them out.")
    return {"dist": library, "version": version(library), "ops": ops}


def _first(item: tuple[Any, ...]) -> str:
    name: str = item[0]
    return name


def names(library: str, made: dict[str, Any]) -> dict[str, Any]:
    """Return what listings need of a library: its install hint and, for each transform, a row."""
    rows = []
    for name, op in made["ops"].items():
        more: dict[str, Any] = {}
        if name in EXAMPLES.get(library, {}):
            more["examples"] = [EXAMPLES[library][name]]
        rows.append([name, op["on"], effect(op), op["summary"], more])
    return {"hint": f'pip install "augury-bridges[{library}]=={made_by()}"', "ops": rows}


def made_by() -> str:
    """Return the version of this distribution."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    found = re.search(r'^version = "(.+)"', text, re.MULTILINE)
    assert found
    return found[1]


def effect(op: dict[str, Any]) -> str:
    """Return the name of the effect that the op of a row has."""
    still = {"image": "Pixels", "audio": "Samples"}
    return "Rope" if op["on"] == "text" else still[op["on"]] if op["role"] == "still" else "Opaque"


def row(library: str, name: str, thing: Any, on: str, role: str) -> dict[str, Any]:
    """Return the row of a transform."""
    docs_of = (inspect.getdoc(thing), thing.__init__.__doc__ if inspect.isclass(thing) else None)
    doc = "\n\n".join(text for text in docs_of if text)
    out: dict[str, Any] = {
        "on": on,
        "role": ROLES[library].get(name, role),
        "summary": sentence(summary_of(doc, name)) or f"{name} of {library}.",
    }
    if name in REFUSED[library]:
        return {**out, "refused": REFUSED[library][name][0], "instead": REFUSED[library][name][1], "params": []}
    if f"{library}.{name}" in NEEDS:
        out["needs"] = NEEDS[f"{library}.{name}"]
    docs = parameter_docs(doc)
    params = (parameter(library, s, docs) for s in inspect.signature(thing).parameters.values())
    out["params"] = [p for p in params if p]
    for p in out["params"]:
        if p["name"] in REQUIRED.get(f"{library}.{name}", ()):
            del p["default"]
    return out


def parameter(library: str, given: inspect.Parameter, docs: dict[str, str]) -> dict[str, Any] | None:
    """Return a parameter as the table holds it; None for one that a recipe does not give."""
    if given.name in HIDDEN[library] or given.kind in (given.VAR_KEYWORD, given.VAR_POSITIONAL):
        return None
    doc = docs.get(given.name) or f"{given.name.replace('_', ' ').capitalize()}, as the library has it."
    name = f"{given.name}_" if hasattr(Bridged, given.name) else given.name
    out: dict[str, Any] = {"name": name, "type": "any", "doc": doc}
    note = getattr(given.annotation, "__name__", given.annotation)
    if given.default is given.empty:
        return {**out, "type": note if note in SIMPLE else "any"}
    plain = as_json(given.default)
    if plain is given.empty:
        return None
    if note in SIMPLE and type(plain) is SIMPLE[note]:
        out["type"] = note
    return {**out, "default": plain}


def as_json(value: Any) -> Any:
    """Return a default as JSON has it, or ``inspect.Parameter.empty`` where that cannot be."""
    empty = inspect.Parameter.empty
    if isinstance(value, enum.Enum):
        return as_json(value.value)
    if isinstance(value, float) and not math.isfinite(value):
        return empty
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple | range):
        items = [as_json(v) for v in value]
        return empty if any(i is empty for i in items) else items
    if isinstance(value, dict):
        pairs = {str(k): as_json(v) for k, v in value.items()}
        return empty if any(v is empty for v in pairs.values()) else pairs
    return empty


def summary_of(doc: str, name: str) -> str:
    """Return the paragraph of a docstring that says what the transform does."""
    for paragraph in doc.split("\n\n"):
        text = plain(paragraph)
        if len(text) > 8 and not re.match(r"(\.\.|:param|Args|https?:|>>>|#)", text):
            return text
    return ""


def plain(text: str) -> str:
    """Return text without markup, on one line."""
    text = re.sub(r"\.\. [a-z]+::.*|:[a-z]+:`~?([^`<]*?)(?: <[^`]*>)?`|\[[A-Z]+\]", r"\1", text)
    return " ".join(text.replace("`", "").replace("*", "").split())


def sentence(text: str) -> str:
    """Return the first sentence of a text, with a capital and a full stop, shortened at a word."""
    found = re.match(r"(.+?[.!?])(?=\s+[A-Z(]|\s*$)", text)
    text = (found[1] if found else text).strip()
    if len(text) > LONGEST_DOC:
        text = text[:LONGEST_DOC].rsplit(" ", 1)[0].rstrip(",;:(") + " ..."
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def parameter_docs(doc: str) -> dict[str, str]:
    """Read what a docstring says of parameters, in Google's, Sphinx's or numpy's form."""
    out: dict[str, str] = {}
    forms = (
        r"^ {{0,12}}{0}\s*(?:\([^\n]*?\))?\s*:[ \n](.+?)(?=\n\s*\n|\n\s*\w+\s*(?:\([^\n]*\))?\s*:|\Z)",
        r":param\s+(?:[^:\n]*\s)?{0}\s*:(.+?)(?=\n\s*:|\n\s*\n|\Z)",
        r"^{0} : [^\n]*\n\s+(.+?)(?=\n\s*\n|\n\S|\Z)",
    )
    for name in set(re.findall(r"^ {0,12}(?::param\s+(?:[^:\n]*\s)?)?(\w+)\s*(?:\([^\n]*?\))?\s*:", doc, re.MULTILINE)):
        for form in (forms[1], forms[2], forms[0]):
            found = re.search(form.format(re.escape(name)), doc, re.MULTILINE | re.DOTALL)
            if found and (text := sentence(plain(found[1]))):
                out.setdefault(name, text)
    return out


# -- what each library has --------------------------------------------------------------------------------

Listed = Iterator[tuple[str, Any, str, str]]


def _classes(module: Any, base: type) -> Iterator[tuple[str, type]]:
    for name in dir(module):
        thing = getattr(module, name)
        if inspect.isclass(thing) and issubclass(thing, base) and name[0] != "_" and name not in NOT_TRANSFORMS:
            yield name, thing


def _albumentations() -> Listed:
    library = import_module("albumentations")
    for name, thing in _classes(library, library.BasicTransform):
        own = "albumentations.augmentations" in thing.__module__ or "pytorch" in thing.__module__
        if own:
            yield name, thing, "image", "moves" if issubclass(thing, library.DualTransform) else "still"


def _torchvision() -> Listed:
    base = import_module("torch.nn").Module
    for name, thing in _classes(import_module("torchvision.transforms.v2"), base):
        yield name, thing, "image", "still"


def _kornia() -> Listed:
    library = import_module("kornia.augmentation")
    for name, thing in _classes(library, import_module("torch.nn").Module):
        yield name, thing, "image", "moves" if issubclass(thing, library.GeometricAugmentationBase2D) else "still"


def _audiomentations() -> Listed:
    for name, thing in _classes(import_module("audiomentations"), object):
        yield name, thing, "audio", "still"


def _torchaudio() -> Listed:
    for module in ("torchaudio.transforms", "torchaudio.functional"):
        library = import_module(module)
        yield from ((n, getattr(library, n), "audio", "still") for n in library.__all__ if n not in NOT_TRANSFORMS)


def _librosa() -> Listed:
    library = import_module("librosa.effects")
    for name in (*library.__all__, "preemphasis", "deemphasis"):
        yield name, getattr(library, name), "audio", "still"


def _nlpaug() -> Listed:
    for part, on in (
        ("word", "text"),
        ("char", "text"),
        ("sentence", "text"),
        ("spectrogram", "audio"),
        ("audio", "audio"),
    ):
        for name, thing in _classes(import_module(f"nlpaug.augmenter.{part}"), object):
            if name.endswith("Aug") and not (part == "spectrogram" and name == "LoudnessAug"):
                yield name, thing, on, "still"


LISTS: dict[str, Callable[[], Listed]] = {
    "albumentations": _albumentations,
    "audiomentations": _audiomentations,
    "kornia": _kornia,
    "librosa": _librosa,
    "nlpaug": _nlpaug,
    "torchaudio": _torchaudio,
    "torchvision": _torchvision,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
