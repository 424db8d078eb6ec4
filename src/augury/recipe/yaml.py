"""Strict, safe YAML that remembers where everything stood.

Plain data only: mappings with text keys, lists, text, numbers, true, false, null, by the rules of YAML 1.2's core
schema (``on`` and ``no`` are text, ``1e-3`` is a number). Tags, duplicate keys, merge keys and alias bombs are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from augury.errors import RecipeError, describe, shown

MAX_BYTES = 1_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 60

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list indexes from the top of a document."""


class Document:
    """Plain data of one YAML text, with the line of every key and value.

    Attributes:
        name: What messages call it: the file's name.
        data: The content.
    """

    def __init__(self, name: str, data: Any, lines: Mapping[Path, int]) -> None:
        """Hold data with its lines; `parse` makes one."""
        self.name = name
        self.data = data
        self._lines = lines
        self._given: list[Path] = []

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest enclosing one that is in the text."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def where(self, path: Path, text: str = "") -> str:
        """Return ``recipe.yaml:12 augment.steps[2]``; ``text`` stands for the path where it says more."""
        shown_path = text or dotted(path)
        if any(path[: len(given)] == given for given in self._given):
            return f"--set {shown_path}"
        return f"{self.name}:{self.line(path)} {shown_path}".rstrip()

    def locate(self, text: str) -> Path:
        """Return the longest path of the document that a dotted text (``augment.steps[2]...``) begins with."""
        return self._walk(text)[0]

    def override(self, assignment: str) -> None:
        """Set a value as ``--set`` says: ``augment.copies=3``, ``augment.steps[0].image.rotate.p=0.5``.

        Raises:
            RecipeError: when it is no assignment, or names a place that the document has not got.
        """
        place, equals, text = assignment.partition("=")
        if not equals or not place:
            raise RecipeError(
                describe(f"--set {assignment}", "key=value", shown("no ="), fix="write augment.copies=3, say")
            )
        value = parse_value(text, f"--set {place}")
        path, rest = self._walk(place)
        names: list[str] = [part for part in rest.split(".") if part]
        if not names and path:
            at(self.data, path[:-1])[path[-1]] = value
            self._given.append(path)
            return
        parent = at(self.data, path)
        if not names or not isinstance(parent, dict) or "[" in rest:
            known = list(parent) if isinstance(parent, dict) else []
            fix = "name a key that the recipe has, or a new key below one"
            got = shown(rest.lstrip("."))
            name = names[0] if names else ""
            raise RecipeError(describe(f"--set {place}", "a place in the recipe", got, name=name, known=known, fix=fix))
        for name in names[:-1]:
            parent[name] = {}
            parent, path = parent[name], (*path, name)
        parent[names[-1]] = value
        self._given.append((*path, names[-1]))

    def _walk(self, text: str) -> tuple[Path, str]:
        path: Path = ()
        while text and (step := self._step(path, text)) is not None:
            path, text = step
        return path, text

    def _step(self, path: Path, text: str) -> tuple[Path, str] | None:
        value = at(self.data, path)
        if isinstance(value, list) and (index := re.match(r"\[(\d+)\]|\.(\d+)(?=\.|$)", text)):
            number = int(index[1] or index[2])
            return ((*path, number), text[index.end() :]) if number < len(value) else None
        if isinstance(value, dict):
            text = text.removeprefix(".")
            for key in sorted(value, key=len, reverse=True):
                if key and text.startswith(key) and text[len(key) : len(key) + 1] in ("", ".", "["):
                    return (*path, key), text[len(key) :]
        return None


def dotted(path: Path) -> str:
    """Return ``augment.steps[2]`` for a path."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def at(data: Any, path: Path) -> Any:
    """Return the value at a path of plain data."""
    for part in path:
        data = data[part]
    return data


def parse(text: bytes, name: str) -> Document:
    """Read one YAML document.

    Raises:
        RecipeError: with line and column: not UTF-8, a syntax error, or something that is not plain data.
    """
    if len(text) > MAX_BYTES:
        fix = "keep long lists in data files"
        raise RecipeError(describe(name, f"at most {MAX_BYTES:,} bytes", len(text), fix=fix))
    try:
        node = _Loader(text.decode("utf-8-sig")).get_single_node()
    except UnicodeDecodeError as error:
        got = f"byte 0x{text[error.start]:02x} at offset {error.start}"
        raise RecipeError(describe(name, "UTF-8 text", shown(got), fix="save the file as UTF-8")) from error
    except yaml.MarkedYAMLError as error:
        raise RecipeError(_syntax(error, name)) from error
    except yaml.YAMLError as error:
        raise RecipeError(
            f"{name}: not YAML text: {' '.join(str(error).split())}. Fix: remove the character."
        ) from error
    except RecursionError as error:
        raise RecipeError(_too_deep(name)) from error
    if node is None:
        return Document(name, None, {})
    builder = _Builder(name)
    return Document(name, builder.build(node, ()), builder.lines)


def parse_value(text: str, name: str) -> Any:
    """Return the plain value of a YAML fragment, as on a command line: ``3``, ``[1, 2]``, ``fish``."""
    return parse(text.encode(), name).data


def _syntax(error: yaml.MarkedYAMLError, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    what = error.problem or "a syntax error"
    context = f" {error.context}" if error.context else ""
    fix = "correct the text there (indent with spaces, quote text that holds ': ' or starts with a sign)"
    if "alias" in what:
        fix = "define the anchor before it, or quote the text that starts with *"
    elif "'\\t'" in what:
        fix = "indent with spaces, not tabs"
    return f"{place}: YAML error{context}: {what}. Fix: {fix}."


def _too_deep(place: str) -> str:
    return describe(place, f"nesting of at most {MAX_DEPTH} levels", fix="make the document flatter")


class _Loader(yaml.SafeLoader):
    """The safe loader with the resolvers of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


_resolve("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_resolve("null", "~|null|Null|NULL|", "~nN\0")
_resolve("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789")
_resolve(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
)
_resolve("null", "", "")
_Loader.yaml_implicit_resolvers.setdefault("", []).append(("tag:yaml.org,2002:null", re.compile("^$")))


class _Builder:
    """Turns a node graph into plain data, noting lines and refusing what is not plain."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self._count = 0
        self._open: set[int] = set()

    def build(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._count += 1
        if self._count > MAX_VALUES:
            raise RecipeError(
                describe(self._place(node), f"at most {MAX_VALUES:,} values, aliases expanded", fix="use fewer aliases")
            )
        if len(path) > MAX_DEPTH:
            raise RecipeError(_too_deep(self._place(node)))
        if id(node) in self._open:
            raise RecipeError(
                describe(self._place(node), "plain data", shown("a value that holds itself"), fix="remove the alias")
            )
        self._open.add(id(node))
        try:
            if isinstance(node, ScalarNode):
                return self._scalar(node)
            if isinstance(node, SequenceNode):
                self._plain(node, "seq")
                return [self.build(child, (*path, i)) for i, child in enumerate(node.value)]
            assert isinstance(node, MappingNode)
            self._plain(node, "map")
            return dict(self._pairs(node, path))
        finally:
            self._open.discard(id(node))

    def _pairs(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                got = shown("a list or mapping") if key is None and not isinstance(key_node, ScalarNode) else key
                raise RecipeError(
                    describe(self._place(key_node), "a text key", got or shown("nothing"), fix="quote the key")
                )
            line = key_node.start_mark.line + 1
            if key in seen:
                fix = f"remove one of them (the first is on line {seen[key]})"
                raise RecipeError(describe(self._place(key_node), "each key once", key, fix=fix))
            seen[key] = line
            self.lines[(*path, key)] = line
            yield key, self.build(value_node, (*path, key))

    def _scalar(self, node: ScalarNode) -> Any:
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        text = node.value
        if tag == "str":
            return text
        if tag == "null" and text in ("", "~", "null", "Null", "NULL"):
            return None
        if tag == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        try:
            if tag == "int":
                digits = text.replace("_", "")
                return int(digits, 0) if digits[:2] in ("0x", "0o") else int(digits)
            if tag == "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            pass
        raise RecipeError(self._refused(node))

    def _plain(self, node: Node, tag: str) -> None:
        if node.tag != f"tag:yaml.org,2002:{tag}":
            raise RecipeError(self._refused(node))

    def _refused(self, node: Node) -> str:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        return describe(
            self._place(node), "plain data", shown(f"the tag {tag}"), fix="remove the tag: objects are never built"
        )

    def _place(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
