"""Reading ``collect:``: where records come from, in which format, and which of the fields each source gives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

import fsspec

from augury.catalog import registry
from augury.errors import AuguryError, DataError, shown
from augury.formats.archive import as_folder, is_archive
from augury.formats.files import Payload, is_url
from augury.names import FIELD_NAME
from augury.pipelines import Pipeline
from augury.recipe.keys import Section
from augury.recipe.model import SIDES, Source
from augury.recipe.problems import Problems
from augury.recipe.yaml import Path
from augury.record import LINKS, STRICT_LINKS, Schema
from augury.specs import FormatSpec

OWN_KEYS = ("path", "format", "collection", "as", "side", "pool", "against")
LOOKED_AT = 16
"""Records of a source whose files' names are looked at for losses."""


def read_sources(given: Any, folder: FilePath, problems: Problems) -> list[Source]:
    """Return the good entries of ``collect``; mistakes go to ``problems``."""
    if not isinstance(given, list) or not given:
        problems.add(
            ("collect",), "a list of sources", given or shown("nothing"), fix="write collect: [{path: data.csv}]"
        )
        return []
    sources = [_read_source(entry, ("collect", i), folder, problems) for i, entry in enumerate(given)]
    good = [s for s in sources if s is not None]
    seen: dict[str, Source] = {}
    for i, source in enumerate(sources):
        if source is None:
            continue
        if source.collection in seen:
            first = seen[source.collection].where
            got = shown(f"{source.collection!r}, which {first} has too")
            problems.add(("collect", i), "a collection name of its own", got, fix="add collection: with another name")
        seen.setdefault(source.collection, source)
    return good


def _read_source(given: Any, path: Path, folder: FilePath, problems: Problems) -> Source | None:
    before = len(problems)
    section = Section(given, path, problems)
    location = _location(section, folder)
    format_id = section.take("format", str, "the id of a format")
    collection = section.take("collection", str, "a name")
    rename = _rename(section)
    side = section.choose("side", SIDES, None)
    pool = bool(section.take("pool", bool, "true or false", False))
    against = bool(section.take("against", bool, "true or false", False))
    if against and (pool or side):
        other = "pool" if pool else "side"
        fix = f"remove {other}:"
        section.problems.add((*path, "against"), "a source that is only compared with", shown(f"{other}: too"), fix=fix)
    if location is not None:
        format_id = format_id or _guess(location, section)
        collection = _collection(collection, location, section)
    options = _options(format_id, section) if format_id else None
    if len(problems) > before or location is None or format_id is None or collection is None or options is None:
        return None
    where = problems.document.where(path)
    return Source(collection, format_id, section.given["path"], rename, options, side, pool, against, where)


def _location(section: Section, folder: FilePath) -> str | None:
    given = section.take("path", str, "a path or URL")
    if not given:
        if "path" not in section.given:
            section.problems.add(section.path, "a path", shown("none"), fix="add path: with a file or folder")
        return None
    if is_url(given):
        return given
    path = FilePath(os.path.normpath(folder / given))
    if not FilePath(given).is_absolute() and not path.is_relative_to(folder):
        fix = "move the data below the recipe's folder, or write an absolute path"
        section.problems.add((*section.path, "path"), "a path below the recipe's folder", given, fix=fix)
        return None
    if not path.exists() and not is_archive(str(path)) and not any(c in given for c in "*?["):
        beside = path.parent
        names = sorted(p.name for p in beside.iterdir()) if beside.is_dir() else []
        fix = f"correct path: (it is looked for in {folder})"
        where = (*section.path, "path")
        section.problems.add(where, "a file or folder that exists", given, name=path.name, known=names, fix=fix)
        return None
    return str(path)


def _guess(location: str, section: Section) -> str | None:
    """Return the format that the extension says, or that all data files of a folder have."""
    formats = [e.spec for e in registry().entries("formats") if isinstance(e.spec, FormatSpec) and e.spec.reads]
    path = FilePath(location)
    if is_archive(location):
        return _guess_inside(location, formats, section)
    if not is_url(location) and path.is_dir():
        names = [p.name for p in sorted(path.iterdir()) if p.is_file() and p.stem != "metadata"]
        found = {f.id for f in formats for n in names if _has_extension(n, f)}
        return found.pop() if len(found) == 1 else "folder"
    name = PurePosixPath(location).name
    found = {f.id for f in formats if _has_extension(name, f)}
    if len(found) == 1:
        return found.pop()
    ids = ", ".join(f.id for f in formats)
    got = shown(f"{name}, which says none" if not found else f"{name}, which may be {' or '.join(sorted(found))}")
    section.problems.add(section.path, "a format", got, fix=f"add format: with one of {ids}")
    return None


def _guess_inside(location: str, formats: Sequence[FormatSpec], section: Section) -> str | None:
    """Return the format that all data files at the top of an archive have, else ``folder``."""
    try:
        fs, root = fsspec.core.url_to_fs(as_folder(location))
    except DataError as error:
        section.problems.quote((*section.path, "path"), error)
        return None
    names = [str(entry["name"]).rsplit("/", 1)[-1] for entry in fs.ls(root, detail=True) if entry["type"] == "file"]
    found = {f.id for f in formats for n in names if not n.startswith("metadata.") and _has_extension(n, f)}
    return found.pop() if len(found) == 1 else "folder"


def _has_extension(name: str, spec: FormatSpec) -> bool:
    lower = name.lower().removesuffix(".gz")
    return lower.endswith(spec.extensions) if spec.extensions else False


def _collection(given: str | None, location: str, section: Section) -> str | None:
    name = given if given is not None else PurePosixPath(location.rstrip("/")).name.split(".")[0]
    if FIELD_NAME.fullmatch(name):
        return name
    if given is None:
        fix = "add collection: with letters, digits, - and _"
        section.problems.add(section.path, "a file name that can name the collection", name, fix=fix)
    else:
        fix = "use letters, digits, - and _, not starting with a digit"
        section.problems.add((*section.path, "collection"), "a plain name", name, fix=fix)
    return None


def _rename(section: Section) -> dict[str, str]:
    given = section.raw("as")
    if given is None:
        return {}
    inner = Section(given, (*section.path, "as"), section.problems)
    out = {column: field for column in inner.given if (field := inner.take(column, str, "the name of a field"))}
    if len(set(out.values())) < len(out):
        twice = next(f for f in out.values() if list(out.values()).count(f) > 1)
        section.problems.add(
            (*section.path, "as"), "one column for a field", shown(f"two for {twice!r}"), fix="keep one"
        )
    return out


def _options(format_id: str, section: Section) -> Mapping[str, Any] | None:
    path = (*section.path, "format") if "format" in section.given else section.path
    try:
        spec = registry().get("formats", format_id).spec
        if isinstance(spec, FormatSpec) and not spec.reads:
            section.problems.add(path, "a format that reads", format_id, fix="use another")
            return None
        options = section.rest()
        made = section.configure(registry().load("formats", format_id), options, OWN_KEYS)
    except AuguryError as error:
        section.problems.error(path, error)
        return None
    return options if made is not None else None


def fields_of(sources: Sequence[Source], given: Any, folder: FilePath, problems: Problems) -> Mapping[str, Any]:
    """Return ``fields:`` with the options that the sources' formats state of their columns; mistakes to ``problems``.

    What the recipe writes stands. Where it has no ``fields:``, all stated columns are fields.
    """
    if given is not None and not isinstance(given, Mapping):
        problems.add(("fields",), "a mapping of field names to kinds", given, fix="write fields: {photo: image}, say")
        return {}
    before = len(problems)
    stated: dict[str, tuple[Mapping[str, Any], str]] = {}
    for source in sources:
        for column, options in _stated(source, folder, problems).items():
            name = source.rename.get(column, column)
            if given is not None and name not in given:
                continue
            first = stated.setdefault(name, (options, source.where))
            if first[0] != options and not isinstance((given or {}).get(name), Mapping):
                got = shown(f"another one in {first[1]} than in {source.where}")
                fix = f"write fields: with {name} and all its options"
                problems.add(("fields",), f"one form of {name} in all sources", got, fix=fix)
    whole = {name: dict(options) for name, (options, _) in stated.items()} if given is None else dict(given)
    if not whole and len(problems) == before:
        got = given if given is not None else shown("nothing, and no source that states its fields")
        problems.add(("fields",), "a mapping of field names to kinds", got, fix="write fields: {photo: image}, say")
    for name, (options, _) in stated.items():
        written = whole[name]
        written = {"kind": written} if isinstance(written, str) else written
        if isinstance(written, Mapping) and written.get("kind") == options["kind"]:
            links = any(link in written for link in LINKS)
            # A link to a field that the recipe left out would name nothing.
            own = {k: v for k, v in options.items() if k not in LINKS or (not links and v in whole)}
            whole[name] = {**own, **written}
    return whole


def _stated(source: Source, folder: FilePath, problems: Problems) -> Mapping[str, Mapping[str, Any]]:
    """Return what a source's format states of its columns, links by the names of the recipe."""
    try:
        found = registry().load("formats", source.format).build(source.options).stated(_place(source, folder))
    except AuguryError as error:
        problems.quote((*_path_of(source, problems), "path"), error)
        return {}
    named = source.rename
    return {c: {k: named.get(v, v) if k in LINKS else v for k, v in o.items()} for c, o in found.items()}


def _path_of(source: Source, problems: Problems) -> Path:
    count = len(problems.document.data.get("collect") or ())
    return next((("collect", i) for i in range(count) if problems.document.where(("collect", i)) == source.where), ())


def _place(source: Source, folder: FilePath) -> str:
    return as_folder(source.path if is_url(source.path) else os.path.normpath(folder / source.path))


def losses(sources: Sequence[Source], pipelines: Mapping[str, Pipeline], folder: FilePath) -> list[str]:
    """Return a warning for each source whose copies are compressed again with loss, on top of the loss they came with.

    The first records' files are looked at by name; nothing is decoded.
    """
    out = []
    for source in sources:
        pipe = pipelines.get(source.collection)
        acted = {name for node in pipe.ops for name in node.fields} if pipe is not None else set()
        columns = {c: pipe.schema[n] for c, n in source.rename.items() if n in acted} if pipe is not None else {}
        columns = {c: spec for c, spec in columns.items() if spec.kind.payload}
        if not columns:
            continue
        reader = registry().load("formats", source.format).build(source.options)
        found: dict[str, str] = {}
        for raw in islice(reader.read(_place(source, folder), columns), LOOKED_AT):
            for column, value in raw.values.items():
                if isinstance(value, Payload) and column in columns:
                    lost = columns[column].kind.loses(value.name)
                    found.setdefault(columns[column].name, lost) if lost else None
        out += [f"{source.where} {name}: {lost}" for name, lost in found.items()]
    return out


def resolve(
    source: Source, schema: Schema, folder: FilePath, path: Path, problems: Problems
) -> tuple[Source, Schema] | None:
    """Return the source with every column that is read named, and the schema of what it gives."""
    before = len(problems)
    for column, field in source.rename.items():
        if field not in schema:
            fix = "add it to fields:, or correct the name"
            place = (*path, "as", column)
            problems.add(place, "a field of the schema", field, name=field, known=schema.fields, fix=fix)
    try:
        columns = registry().load("formats", source.format).build(source.options).columns(_place(source, folder))
    except AuguryError as error:
        problems.quote((*path, "path"), error)
        return None
    has = ", ".join(columns) or "(none)"
    for column in source.rename:
        if column not in columns:
            place = (*path, "as", column)
            problems.add(place, "a column of the source", column, name=column, known=columns, fix=f"use one of {has}")
    renamed = set(source.rename.values())
    same = {name: name for name in columns if name in schema and name not in source.rename and name not in renamed}
    rename = {**source.rename, **same}
    if not rename:
        fix = "name its columns in fields:, or map them with as:"
        problems.add(path, "a source with a column that is a field", shown(f"columns {has}"), fix=fix)
    if len(problems) > before:
        return None
    given = set(rename.values())
    fields = [f for f in schema.fields.values() if f.name in given]
    for spec in fields:
        if spec.link and spec.link[0] in STRICT_LINKS and spec.link[1] not in given:
            fix = f"map a column to {spec.link[1]} with as:, or leave {spec.name} out of this source"
            problems.add(path, f"{spec.link[1]}, which {spec.name} belongs to", shown(f"columns {has}"), fix=fix)
            return None
    kept = (f if f.link is None or f.link[1] in given else f._replace(link=None) for f in fields)
    return replace(source, rename=rename), Schema(kept)
