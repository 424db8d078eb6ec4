"""Reading ``collect:``: where records come from, in which format, and which of the fields each source gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any

from augury.catalog import registry
from augury.errors import AuguryError, shown
from augury.formats.files import is_url
from augury.names import FIELD_NAME
from augury.recipe.keys import Section
from augury.recipe.model import SIDES, Source
from augury.recipe.problems import Problems
from augury.recipe.yaml import Path
from augury.record import STRICT_LINKS, Schema
from augury.specs import FormatSpec

OWN_KEYS = ("path", "format", "collection", "as", "side", "pool", "against")


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
    if not path.exists() and not any(c in given for c in "*?["):
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
        location = source.path if is_url(source.path) else os.path.normpath(folder / source.path)
        columns = registry().load("formats", source.format).build(source.options).columns(location)
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
