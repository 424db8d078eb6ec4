"""From a recipe's text to a checked `Recipe`: every mistake of the whole recipe is found before any is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

from augury.catalog import registry
from augury.errors import AuguryError, RecipeError, describe, shown
from augury.pipelines import Pipeline, check_steps, pipeline
from augury.pipelines.conditions import check_conditions
from augury.pipelines.fields import parse_fields
from augury.pipelines.steps import Reader
from augury.recipe.cleaning import read_clean
from augury.recipe.code import read_transforms
from augury.recipe.deriving import Derived, derivable, joined, read_derive
from augury.recipe.keys import Section
from augury.recipe.model import Augment, Limits, Recipe, Source, Split, Write
from augury.recipe.problems import Problems
from augury.recipe.rules import constraints_of, read_rules
from augury.recipe.sections import (
    check_pools,
    check_requires,
    read_augment,
    read_limits,
    read_mix,
    read_report,
    read_split,
    read_write,
)
from augury.recipe.sources import fields_of, losses, read_sources, resolve
from augury.recipe.synthesis import Synthesis, left_empty
from augury.recipe.synthesizing import read_synthesize
from augury.recipe.yaml import Document, parse
from augury.record import Schema
from augury.values import canonical_bytes

VERSION = 1
KEYS = (
    "recipe",
    "seed",
    "requires",
    "transforms",
    "collect",
    "fields",
    "derive",
    "clean",
    "constraints",
    "split",
    "augment",
    "synthesize",
    "mix",
    "report",
    "write",
    "limits",
    "on_error",
)
GREATEST_SEED = 2**63 - 1
STEPS = ("augment", "steps")


def read(path: Path, *, overrides: Sequence[str] = (), seed: int | None = None, allow_code: bool = False) -> Recipe:
    """Read and check a recipe; its sources are opened to learn their columns, and nothing is run.

    Args:
        path: The recipe's file.
        overrides: ``key=value`` assignments, as ``--set`` gives them.
        seed: Stands in for the recipe's own.
        allow_code: Whether the Python files it names may be executed.

    Raises:
        RecipeError: with every mistake, each with its line, what was expected, what came and the fix.
    """
    document = _document(path)
    for assignment in overrides:
        document.override(assignment)
    if seed is not None:
        document.override(f"seed={seed}")
    return _Reading(document, path.resolve().parent, path.stem, allow_code).recipe()


def rebuild(data: Mapping[str, Any], folder: Path, name: str, allow_code: bool = False) -> Recipe:
    """Check a recipe that is already plain data, such as the one a manifest keeps.

    Args:
        data: A `Recipe`'s ``document``.
        folder: What its paths are relative to.
        name: Its name, for messages.
        allow_code: Whether the Python files it names may be executed.

    Raises:
        RecipeError: with every mistake.
    """
    return _Reading(Document(name, deepcopy(dict(data)), {}), folder.resolve(), name, allow_code).recipe()


def _document(path: Path) -> Document:
    try:
        text = path.read_bytes()
    except OSError as error:
        beside = path.parent
        known = [p.name for p in beside.glob("*.y*ml")] if beside.is_dir() else []
        got = shown(error.strerror or str(error))
        fix = "give the path of a recipe"
        raise RecipeError(describe(str(path), "a recipe file", got, name=path.name, known=known, fix=fix)) from error
    document = parse(text, path.name)
    if not isinstance(document.data, dict):
        got = shown("an empty file") if document.data is None else document.data
        raise RecipeError(describe(path.name, "a mapping that begins with recipe: 1", got, fix="start with recipe: 1"))
    return document


class _Reading:
    """One reading of one document."""

    def __init__(self, document: Document, folder: Path, name: str, allow_code: bool) -> None:
        self.document = document
        self.folder = folder
        self.name = name
        self.allow_code = allow_code
        self.problems = Problems(document)
        self.top = Section(document.data, (), self.problems)

    def recipe(self) -> Recipe:
        for key in self.top.given:
            if key not in KEYS:
                self.problems.unknown((key,), list(KEYS), "a key of a recipe")
        self._version()
        seed = self._seed()
        check_requires(self.top.raw("requires"), self.problems)
        transforms = self._transforms()
        sources = read_sources(self.top.raw("collect"), self.folder, self.problems)
        given, whole = self._schema(sources)
        derived = read_derive(self.top.raw("derive"), given, self.problems) if whole else ()
        whole = whole and len(derived) == len(self.top.raw("derive") or ())
        schema = joined(given, derived)
        names = schema if whole else _AnySchema()
        rules = read_rules(self.top.raw("constraints"), schema, sources, self.problems) if whole else ()
        split = read_split(self.top.raw("split"), names, self.problems)
        augment, steps = read_augment(self.top.raw("augment"), names, self.problems)
        mix = read_mix(self.top.raw("mix"), [s.collection for s in sources if s.written], self.problems)
        report = read_report(self.top.raw("report"), names, self.problems)
        write = read_write(self.top.raw("write"), self.problems)
        limits = read_limits(self.top.raw("limits"), self.problems)
        on_error = self.top.choose("on_error", ("quarantine", "raise"), "quarantine")
        found = self._resolve(sources, given, derived) if whole else {}
        resolved = found if len(found) == len(sources) else {}
        cleaning, dedups = read_clean(self.top.raw("clean"), {n: s for n, (_, s) in resolved.items()}, self.problems)
        cleaned = {name: plan.after for name, plan in cleaning.items()}
        self._check(steps, schema if whole else None, cleaned)
        if sources:
            check_pools(steps, STEPS, {s.collection: s for s in sources}, self.problems)
        held = {name: constraints_of(rules, own, name) for name, own in cleaned.items()}
        written = {s.collection: cleaned[s.collection] for s in sources if s.written and s.collection in cleaned}
        made = read_synthesize(self.top.raw("synthesize"), written, held, derived, report.target, self.problems)
        self.problems.raise_if_any()
        pipelines = {
            name: pipeline(steps, own, partial=True, where="augment.steps", constraints=held[name])
            for name, own in cleaned.items()
        }
        self._check_written(pipelines, write)
        self.problems.raise_if_any()
        collect = tuple(source for source, _ in resolved.values())
        meaning = _meaning(seed, transforms, collect, schema, split, augment, pipelines, write, limits, on_error)
        meaning["clean"] = {name: plan.describes for name, plan in cleaning.items()}
        meaning["dedup"] = [[d.id, d.near, d.keep] for d in dedups]
        meaning["mix"], meaning["report"] = mix and asdict(mix), report.describes()
        if derived:
            meaning["derive"] = [[one.spec.name, one.expression.text] for one in derived]
        if made:
            meaning["synthesize"] = [one.describes() for one in made]
        if rules:
            meaning["constraints"] = [[c.id, c.to_dict()] for c in rules]
        return Recipe(
            seed=seed,
            collect=collect,
            schema=schema,
            split=split,
            augment=augment,
            pipelines=pipelines,
            write=write,
            limits=limits,
            on_error=cast(Any, on_error),
            document=self.document.data,
            hash=_hash(meaning),
            folder=self.folder,
            name=self.name,
            warnings=(*self._warnings(pipelines), *losses(collect, pipelines, self.folder), *_emptied(made, written)),
            transforms=transforms,
            cleaning=cleaning,
            dedups=dedups,
            mix=mix,
            report=report,
            parts={name: _hash(part) for name, part in meaning.items()},
            constraints=rules,
            derived=derived,
            synthesize=made,
        )

    def _transforms(self) -> Mapping[str, str]:
        """Return the recipe's own files with their hashes; a mistake ends the reading, as steps may need them."""
        before = len(self.problems)
        files = read_transforms(self.top.raw("transforms"), self.folder, self.allow_code, self.problems)
        if len(self.problems) > before:
            self.problems.raise_if_any()
        return files

    def _version(self) -> None:
        version = self.top.raw("recipe")
        if version != VERSION or isinstance(version, bool):
            got = shown("nothing") if version is None else version
            fix = "begin with recipe: 1" if version is None else "install the Augury that reads it, or write recipe: 1"
            self.problems.add(("recipe",), "recipe: 1, the version of the form", got, fix=fix)

    def _seed(self) -> int:
        seed = self.top.take("seed", int, "a whole number", 0) or 0
        if not 0 <= seed <= GREATEST_SEED:
            self.problems.add(("seed",), "a whole number in [0, 2**63)", seed, fix="choose another")
        return seed

    def _schema(self, sources: Sequence[Source]) -> tuple[Schema, bool]:
        """Return the fields that could be read, and whether that is all of them."""
        before = len(self.problems)
        given = fields_of(sources, self.top.raw("fields"), self.folder, self.problems)
        if len(self.problems) > before:
            return Schema(()), False
        specs, errors = parse_fields(given, "fields")
        for error in errors:
            self.problems.error(("fields",), error)
        return Schema(specs), not errors

    def _resolve(
        self, sources: Sequence[Source], schema: Schema, derived: Sequence[Derived]
    ) -> dict[str, tuple[Source, Schema]]:
        """Return each collection's source and the schema of its records, derived fields included."""
        given = self.top.raw("collect")
        paths = {self.document.where(("collect", i)): ("collect", i) for i in range(len(given or ()))}
        found = {s.collection: resolve(s, schema, self.folder, paths[s.where], self.problems) for s in sources}
        out = {name: pair for name, pair in found.items() if pair is not None}
        if out and len(out) == len(given or ()):
            met = {field for _, own in out.values() for field in own.fields}
            for name in schema.fields:
                if name not in met:
                    fix = "map a source's column to it with as:, or remove it"
                    self.problems.add(
                        ("fields", name), "a field that a source gives", shown("no column of that name"), fix=fix
                    )
            able = {one.spec.name for _, own in out.values() for one in derivable(derived, own)}
            for one in derived:
                if one.spec.name not in able:
                    got = shown("no source with all of them")
                    what = f"a source with {', '.join(one.expression.columns)}"
                    self.problems.add(("derive", one.spec.name), what, got, fix="remove it, or map the columns")
        return {name: (source, joined(own, derivable(derived, own))) for name, (source, own) in out.items()}

    def _check(self, steps: Sequence[Any], schema: Schema | None, cleaned: Mapping[str, Schema]) -> None:
        """Check the steps against each collection; a step that meets a field in none is a mistake.

        Without a whole schema only ops and parameters are checked.
        """
        if schema is None:
            reader = Reader()
            reader.read(steps, "augment.steps")
            errors = reader.errors
        else:
            schemas = list(cleaned.values()) or [schema]
            errors = [e for own in schemas for e in check_steps(steps, own, partial=True, where="augment.steps")]
            if not errors:
                errors = self._meeting_none(steps, schema, schemas)
            if not errors:
                met = Schema(field for own in schemas for field in own.fields.values())
                errors = check_conditions(Reader().read(steps, "augment.steps"), met)
        for where, error in errors:
            self.problems.error(self.document.locate(where), error)

    def _meeting_none(
        self, steps: Sequence[Any], schema: Schema, schemas: Sequence[Schema]
    ) -> list[tuple[str, AuguryError]]:
        skipped = [set(pipeline(steps, own, partial=True, where="augment.steps").skipped) for own in schemas]
        by_all = set.intersection(*skipped)
        errors = [e for e in check_steps(steps, schema, where="augment.steps") if e[0] in by_all]
        for where in sorted(by_all - {place for place, _ in errors}):
            text = describe(where, "a field to act on", shown("none in any collection"), fix="remove the step")
            errors.append((where, RecipeError(text)))
        return errors

    def _check_written(self, pipelines: Mapping[str, Pipeline], write: Write) -> None:
        """Make mistakes of fields whose kind after all steps cannot be kept on disk, or not in the format."""
        form = registry().load("formats", write.format).build(write.options)
        for name, pipe in pipelines.items():
            try:
                form.check_fields(pipe.schema_after.fields)
            except AuguryError as error:
                self.problems.quote(("write",), error)
            for field in pipe.schema_after.fields.values():
                try:
                    field.kind.arrow()
                except NotImplementedError:
                    got = shown(f"{field.name} of kind {field.kind_id}")
                    fix = f"remove the step that makes {field.name} a {field.kind_id}"
                    self.problems.add(STEPS, f"kinds of {name} that {write.format} can hold", got, fix=fix)

    def _warnings(self, pipelines: Mapping[str, Pipeline]) -> tuple[str, ...]:
        found = dict.fromkeys(w for pipe in pipelines.values() for w in pipe.warnings)
        lines = []
        for text in found:
            where, _, rest = text.partition(": ")
            lines.append(f"{self.document.where(self.document.locate(where), where)}: {rest}")
        return tuple(lines)


def _emptied(made: Sequence[Synthesis], schemas: Mapping[str, Schema]) -> list[str]:
    """Return a line for each model whose rows are without some of the collection's fields."""
    found = ((one.title, left_empty(one, schemas[one.collection])) for one in made)
    return [f"synthesize {title}: made rows are without {', '.join(names)}" for title, names in found if names]


class _AnySchema(Schema):
    """Stands for fields that could not be read: every name is one."""

    def __init__(self) -> None:
        super().__init__(())
        self.fields = _AnyName()


class _AnyName(dict[str, Any]):
    def __contains__(self, name: object) -> bool:
        return True


def _meaning(
    seed: int,
    transforms: Mapping[str, str],
    collect: Sequence[Source],
    schema: Schema,
    split: Split | None,
    augment: Augment | None,
    pipelines: Mapping[str, Pipeline],
    write: Write,
    limits: Limits,
    on_error: str | None,
) -> dict[str, Any]:
    """Return what a recipe means, by section: defaults filled in, without paths, comments and order of keys."""
    meaning: dict[str, Any] = {
        "recipe": VERSION,
        "seed": seed,
        "collect": [
            [s.collection, s.format, dict(s.rename), dict(s.options), s.side, s.pool, s.against] for s in collect
        ],
        "fields": [[f.name, f.kind_id, f.kind.to_dict(), f.link, f.role] for f in schema.fields.values()],
        "split": split and asdict(split),
        "augment": augment and asdict(augment),
        "pipelines": {name: pipe.fingerprint for name, pipe in pipelines.items()},
        "write": [write.format, dict(write.options)],
        "limits": limits.to_dict(),
        "on_error": on_error,
    }
    if transforms:
        meaning["transforms"] = list(transforms.values())
    return meaning


def _hash(meaning: Any) -> str:
    return blake2b(canonical_bytes(meaning), digest_size=16).hexdigest()
