"""Reading the smaller sections of a recipe: split, augment, write, limits, requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from augury.catalog import registry
from augury.errors import AuguryError, shown
from augury.recipe.keys import Section
from augury.recipe.model import SIDES, Augment, Evaluate, Limits, Mix, Report, Source, Split, Write
from augury.recipe.problems import Problems
from augury.recipe.yaml import Path
from augury.record import Schema
from augury.specs import FormatSpec

MOST_COPIES = 10_000
ORIGINAL, AUGMENTED, SYNTHETIC = ORIGINS = ("original", "augmented", "synthetic")


def read_split(given: Any, schema: Schema, problems: Problems) -> Split | None:
    """Return how records are put on sides, or None where the recipe does not say."""
    if given is None:
        return None
    section = Section(given, ("split",), problems)
    kind = section.choose("kind", ("group", "time"), "group")
    field = section.name("field", schema.fields, "a field")
    cuts = _cuts(section) if kind == "time" else {}
    shares = {} if cuts else _shares(section)
    common: dict[str, Any] = {
        "group": section.name("group", schema.fields, "a field"),
        "stratify": section.name("stratify", schema.fields, "a field"),
        "exact": bool(section.take("exact", bool, "true or false", False)),
        "pinned": section.take("from", str, "the folder of an earlier dataset"),
        "allow_empty": bool(section.take("allow_empty", bool, "true or false", False)),
        "largest": _share(section, "largest", 0.05),
    }
    section.end()
    if kind == "time":
        if field is None and "field" not in section.given:
            fix = "add field: with the field of its moments"
            problems.add(("split",), "the field of each record's moment", shown("none"), fix=fix)
        if common["stratify"] or common["exact"]:
            word = "stratify" if common["stratify"] else "exact"
            problems.add(("split", word), "a split by time without it", shown(word), fix="remove it")
        common |= {"time": field, "cuts": cuts}
    elif field is not None:
        if other := [k for k in section.given if k not in ("field", "largest", "from")]:
            fix = "remove them, or remove field:"
            problems.add(("split", other[0]), "field: alone", shown(f"field: and {', '.join(other)}"), fix=fix)
        return Split({}, field=field, pinned=common["pinned"], largest=common["largest"])
    if cuts:
        return Split({}, **common)
    if not any(side in section.given for side in SIDES):
        return Split(**common)
    if abs(sum(shares.values()) - 1.0) > 1e-6 and len(shares) == sum(side in section.given for side in SIDES):
        got = shown(f"{sum(shares.values()):g}")
        problems.add(("split",), "shares that sum to 1", got, fix="correct the shares of train, val and test")
    return Split(shares, **common)


def _shares(section: Section) -> dict[str, float]:
    shares = {side: _share(section, side, None) for side in SIDES}
    return {side: share for side, share in shares.items() if share is not None}


def _share(section: Section, key: str, default: float | None) -> float | None:
    share = section.take(key, (int, float), "a share in [0, 1]", default)
    if share is not None and not 0 <= share <= 1:
        section.problems.add((*section.path, key), "a share in [0, 1]", share, fix="write 0.8 for 80 %")
        return default
    return None if share is None else float(share)


def _cuts(section: Section) -> dict[str, float]:
    """Return the moments at which sides begin, where the split by time gives moments and not shares."""
    cuts = {}
    for side in SIDES:
        moment = moment_of(section.given.get(side))
        if moment is not None:
            section.raw(side)
            cuts[side] = moment
    if cuts:
        if "train" in cuts:
            section.problems.add(("split", "train"), "no moment for train, which begins first", cuts["train"])
        given = [s for s in SIDES if s in section.given and s not in cuts]
        for side in given:
            fix = "write a date for each of val and test, or shares for all"
            section.problems.add(("split", side), "a date, as the others have", section.given[side], fix=fix)
            section.raw(side)
        if cuts.get("val", float("-inf")) > cuts.get("test", float("inf")):
            section.problems.add(("split", "test"), "a moment not before that of val", section.given["test"])
    return cuts


def moment_of(value: Any) -> float | None:
    """Return a date or time (a `datetime.date`, or ISO text) as seconds since 1970 in UTC, or None."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def read_mix(given: Any, collections: Sequence[str], problems: Problems) -> Mix | None:
    """Return how much each row should count, or None where the recipe does not say."""
    if given is None:
        return None
    section = Section(given, ("mix",), problems)
    weights = {
        key: _weights(section, key, known) for key, known in (("collections", collections), ("origins", ORIGINS))
    }
    section.end()
    return Mix(weights["collections"], weights["origins"])


def _weights(section: Section, key: str, known: Sequence[str]) -> dict[str, float]:
    given = section.raw(key)
    if given is None:
        return {}
    inner = Section(given, (*section.path, key), section.problems)
    out = {}
    for name in inner.given:
        value = inner.take(name, (int, float), "a weight of 0 or more")
        if name not in known:
            section.problems.unknown((*section.path, key, name), list(known), f"one of the {key}")
        elif value is not None and value < 0:
            section.problems.add((*section.path, key, name), "a weight of 0 or more", value, fix="raise it")
        elif value is not None:
            out[name] = float(value)
    if out and not sum(out.values()):
        section.problems.add((*section.path, key), "a weight above 0", shown("none"), fix="raise one")
    return out


def read_report(given: Any, schema: Schema, problems: Problems) -> Report:
    """Return what the report says beside the figures."""
    if given is None:
        return Report()
    section = Section(given, ("report",), problems)
    target = section.name("target", schema.fields, "a field")
    texts = {key: section.take(key, str, "a text") for key in ("license", "title")}
    page = bool(section.take("page", bool, "true or false", True))
    evaluate = _evaluate(section)
    section.end()
    return Report(target, **texts, page=page, evaluate=evaluate)


def _evaluate(section: Section) -> Evaluate | None:
    given = section.raw("evaluate")
    if given is None or given is True:
        return Evaluate()
    if given is False:
        return None
    inner = Section(given, (*section.path, "evaluate"), section.problems)
    made = inner.configure(Evaluate, inner.given)
    return made if isinstance(made, Evaluate) else None


def read_augment(given: Any, schema: Schema, problems: Problems) -> tuple[Augment | None, Sequence[Any]]:
    """Return what is made of each record, and the steps."""
    if given is None:
        return None, ()
    section = Section(given, ("augment",), problems)
    copies = _copies(section, schema)
    sides = section.take("sides", list, "a list of sides", ["train"])
    for i, side in enumerate(sides or ()):
        if side not in SIDES:
            words = ", ".join(SIDES)
            problems.add(
                ("augment", "sides", i), f"one of {words}", side, name=str(side), known=SIDES, fix=f"use {words}"
            )
    originals = section.take("originals", bool, "true or false", True)
    steps = section.raw("steps")
    section.end()
    if not isinstance(steps, list) or not steps:
        place: Path = ("augment", "steps") if "steps" in section.given else ("augment",)
        problems.add(place, "a list of steps", steps or shown("none"), fix="write steps: [image.flip], say")
        steps = []
    return Augment(copies, tuple(map(str, sides or ())), bool(originals)), steps


def _copies(section: Section, schema: Schema) -> int | Mapping[str, str]:
    value = section.raw("copies")
    if value is None:
        return 1
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COPIES:
        return value
    if isinstance(value, Mapping):
        inner = Section(value, ("augment", "copies"), section.problems)
        field = inner.name("balance", schema.fields, "a field")
        inner.end()
        if "balance" not in value:
            section.problems.add(
                ("augment", "copies"), "balance: with a label field", shown("none"), fix="write {balance: label}"
            )
        return {"balance": field} if field else 1
    expected = f"a whole number in [0, {MOST_COPIES}], or {{balance: field}}"
    section.problems.add(("augment", "copies"), expected, value, fix="write copies: 3, say")
    return 1


def check_pools(steps: Any, path: Path, sources: Mapping[str, Source], problems: Problems) -> None:
    """Make mistakes of steps whose ``pool:`` is no collection."""
    for place, name in _pools(steps, path):
        if name not in sources:
            fix = "name a collection"
            problems.add(place, "the name of a collection", name, name=str(name), known=sources, fix=fix)


def _pools(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from _pools(item, (*path, i))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "pool":
                yield (*path, key), item
            else:
                yield from _pools(item, (*path, key))


def read_write(given: Any, problems: Problems) -> Write:
    """Return how the dataset is written."""
    if given is None:
        return Write()
    section = Section(given, ("write",), problems)
    format_id = section.take("format", str, "the id of a format", "parquet") or "parquet"
    try:
        spec = registry().get("formats", format_id).spec
        if isinstance(spec, FormatSpec) and not spec.writes:
            problems.add(("write", "format"), "a format that writes", format_id, fix="write format: parquet")
        section.configure(registry().load("formats", format_id), section.rest(), ("format",))
    except AuguryError as error:
        problems.error(("write", "format") if "format" in section.given else ("write",), error)
    return Write(format_id, section.rest())


def read_limits(given: Any, problems: Problems) -> Limits:
    """Return where a run stops or refuses."""
    if given is None:
        return Limits()
    section = Section(given, ("limits",), problems)
    made = section.configure(Limits, section.given)
    return made if isinstance(made, Limits) else Limits()


def check_requires(given: Any, problems: Problems) -> None:
    """Make mistakes of ``requires:`` lines that are not met by what is installed."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import InvalidRequirement, Requirement

    if not isinstance(given, list | None):
        problems.add(("requires",), "a list such as [augury-image>=0.1]", given, fix="write it as a list")
        return
    for i, line in enumerate(given or ()):
        place: Path = ("requires", i)
        try:
            wanted = Requirement(str(line))
            here = version(wanted.name)
        except InvalidRequirement:
            problems.add(place, "a distribution with versions", line, fix="write augury-image>=0.1, say")
        except PackageNotFoundError:
            problems.add(place, f"{line} to be installed", shown("nothing of that name"), fix=f"pip install '{line}'")
        else:
            if not wanted.specifier.contains(here, prereleases=True):
                problems.add(place, str(line), shown(f"{wanted.name} {here}"), fix=f"pip install -U '{line}'")
