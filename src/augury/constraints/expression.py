"""Formulas over columns: a small part of Python's expressions, read by its parser and run by numpy, never by eval.

Known are numbers, quoted text, column names, ``+ - * / // % **``, comparisons, ``and or not``, and a few functions.
A column whose name is no identifier is written ``col("education-num")``. Numbers are float64, so nothing grows without
bound; datetimes are seconds since 1970, so ``end - start`` is in seconds; booleans are 1 and 0. ``hour(taken)`` and its
kin read a datetime in UTC; ``hour(taken + 7200)`` reads it two hours further east.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from augury.errors import ParamError, describe, shown

MOST_CHARACTERS = 1000
MOST_NODES = 200

DAY_SECONDS = 86400
MOST_SECONDS = 1e14
"""Moments further than this from 1970 have no calendar: three million years."""


def _hour(seconds: Any) -> Any:
    return np.floor(seconds / 3600) % 24


def _weekday(seconds: Any) -> Any:
    return (np.floor(seconds / DAY_SECONDS) + 3) % 7  # 1970 began on a Thursday


def _calendar(part: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], Any]:
    """Return the function of seconds since 1970 that gives ``part`` of their days; NaN stays NaN."""

    def read(seconds: Any) -> Any:
        there = np.abs(seconds) < MOST_SECONDS
        days = np.floor(np.where(there, seconds, 0) / DAY_SECONDS).astype(np.int64).astype("datetime64[D]")
        return np.where(there, part(days), np.nan)

    return read


def _length(texts: Any) -> Any:
    lengths = [math.nan if text is None else float(len(str(text))) for text in np.atleast_1d(np.asarray(texts, object))]
    return np.array(lengths) if np.ndim(texts) else lengths[0]


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = {
    "abs": (np.abs, 1),
    "ceil": (np.ceil, 1),
    "exp": (np.exp, 1),
    "floor": (np.floor, 1),
    "log": (np.log, 1),
    "max": (np.maximum, 2),
    "min": (np.minimum, 2),
    "round": (np.round, 1),
    "sqrt": (np.sqrt, 1),
    "where": (np.where, 3),
    "hour": (_hour, 1),
    "weekday": (_weekday, 1),
    "day": (_calendar(lambda d: (d - d.astype("datetime64[M]")).astype(np.int64) + 1), 1),
    "month": (_calendar(lambda d: d.astype("datetime64[M]").astype(np.int64) % 12 + 1), 1),
    "year": (_calendar(lambda d: d.astype("datetime64[Y]").astype(np.int64) + 1970), 1),
    "len": (_length, 1),
}
"""Name to function and number of arguments; ``round`` goes to even, ``where(condition, yes, no)`` chooses.

Of a datetime in UTC: ``hour`` in [0, 23], ``weekday`` in [0, 6] with Monday 0, ``day`` in [1, 31], ``month`` in
[1, 12], ``year``. ``len`` counts the characters of a text."""

CALENDAR = ("hour", "weekday", "day", "month", "year")
"""Functions of a datetime."""

_BINARY: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: Mapping[type, Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: Mapping[type, Callable[..., Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: np.logical_not,
}
_MATERIAL = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)


class Expression(NamedTuple):
    """A parsed formula: its text, its tree, and the columns it names in order of appearance."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]


def parse_expression(text: str, where: str = "formula") -> Expression:
    """Parse a formula.

    Raises:
        ParamError: for anything outside the small language, naming it.
    """
    if len(text) > MOST_CHARACTERS:
        got = shown(f"{len(text)}")
        raise ParamError(describe(where, f"at most {MOST_CHARACTERS} characters", got, fix="split it in two"))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        fix = "write it like price * quantity"
        raise ParamError(describe(where, "a formula over columns", text, fix=fix)) from error
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise ParamError(describe(where, f"at most {MOST_NODES} parts", shown("more"), fix="split it in two"))
    columns: dict[str, None] = {}
    _admit(tree, columns, where)
    return Expression(text.strip(), tree, tuple(columns))


def _admit(node: ast.AST, columns: dict[str, None], where: str) -> None:
    """Walk the tree: note the columns, refuse whatever is not of the language."""
    if isinstance(node, ast.Call):
        _admit_call(node, columns, where)
        return
    if isinstance(node, ast.Name):
        columns[node.id] = None
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
            raise ParamError(describe(where, "numbers and text", node.value, fix="use 1 and 0 for true and false"))
        if not isinstance(node.value, str) and not abs(node.value) < 1e300:
            raise ParamError(describe(where, "numbers below 1e300", shown("a greater one"), fix="use a smaller one"))
    elif isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp):
        operators = node.ops if isinstance(node, ast.Compare) else [node.op]
        for found in operators:
            if type(found) not in {**_BINARY, **_COMPARE, **_UNARY, ast.And: None, ast.Or: None}:
                got = shown(type(found).__name__)
                raise ParamError(describe(where, "arithmetic and comparisons", got, fix="leave it out"))
    else:
        got = shown(type(node).__name__)
        fix = f"use columns, numbers and {', '.join(FUNCTIONS)}"
        raise ParamError(describe(where, "arithmetic over columns", got, fix=fix))
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _MATERIAL):
            _admit(child, columns, where)


def _admit_call(node: ast.Call, columns: dict[str, None], where: str) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "col" and len(node.args) == 1 and not node.keywords:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            columns[argument.value] = None
            return
    if name not in FUNCTIONS or node.keywords:
        known = [*FUNCTIONS, "col"]
        fix = f"use one of {', '.join(known)}"
        raise ParamError(describe(where, "a known function", name or "a call", name=name, known=known, fix=fix))
    if len(node.args) != FUNCTIONS[name][1]:
        got = shown(f"{len(node.args)}")
        raise ParamError(describe(where, f"{FUNCTIONS[name][1]} arguments of {name}", got, fix="correct the call"))
    for argument in node.args:
        _admit(argument, columns, where)


def column_type(kind: str) -> str:
    """Return what a column of a kind is in a formula: ``number``, ``moment`` or ``text``."""
    return {"number": "number", "boolean": "number", "datetime": "moment"}.get(kind, "text")


def type_of(expression: Expression, kinds: Mapping[str, str], where: str = "formula") -> str:
    """Return ``number``, ``moment``, ``text`` or ``truth``: what the formula gives.

    Args:
        expression: The formula.
        kinds: ``number``, ``moment`` or ``text`` for each column; a moment counts as a number too.
        where: The place, for messages.

    Raises:
        ParamError: for arithmetic with text, text compared with a number, the hour of what is no moment.
    """
    return _type_of(expression.tree, kinds, where)


def _type_of(node: ast.AST, kinds: Mapping[str, str], where: str) -> str:
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else "number"
    if isinstance(node, ast.Name):
        return kinds[node.id]
    if isinstance(node, ast.Call) and _is_column(node):
        return kinds[_column(node)]
    parts = [_type_of(child, kinds, where) for child in _operands(node)]
    function = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if function in CALENDAR or function == "len":
        wanted = "text" if function == "len" else "moment"
        if parts != [wanted]:
            what = "a text" if function == "len" else "a datetime"
            fix = f"give {function} {what} column"
            raise ParamError(describe(where, f"{function} of {what}", shown(f"a {parts[0]}"), fix=fix))
        return "number"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub) and sorted(parts) == ["moment", "number"]:
        return "moment"
    parts = ["number" if part == "moment" else part for part in parts]
    if isinstance(node, ast.Compare):
        if len(set(parts)) == 1 and (parts[0] == "number" or all(isinstance(o, ast.Eq | ast.NotEq) for o in node.ops)):
            return "truth"
        got, fix = shown(" with ".join(parts)), "compare text by == and != with text, numbers with numbers"
        raise ParamError(describe(where, "values of one type compared", got, fix=fix))
    if isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return "truth"
    if function == "where":
        parts = parts[1:]
    if "text" in parts:
        got = shown("text")
        raise ParamError(describe(where, "arithmetic with numbers", got, fix="compare text by == or !="))
    return "number"


def _operands(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call):
        return node.args
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _is_column(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "col"


def _column(node: ast.Call) -> str:
    return str(ast.literal_eval(node.args[0]))


def evaluate(expression: Expression, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the formula's value for each row: float64, or bool for comparisons.

    Args:
        expression: The formula.
        columns: Column arrays of n values as kinds make them: float64 with NaN, objects with None, datetime64.

    Cost: O(n) an operation. Division by zero and overflow give infinite or NaN values, without a warning.
    """
    with np.errstate(all="ignore"):
        value = _evaluate(expression.tree, columns)
    rows = len(next(iter(columns.values()))) if columns else 1
    return np.broadcast_to(value, (rows,)) if np.ndim(value) == 0 else value


def _evaluate(node: ast.AST, columns: Mapping[str, np.ndarray]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else np.float64(cast(float, node.value))
    if isinstance(node, ast.Name):
        return plain(columns[node.id])
    if isinstance(node, ast.Call):
        if _is_column(node):
            return plain(columns[_column(node)])
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id][0](*(_evaluate(argument, columns) for argument in node.args))
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, columns), _evaluate(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, columns))
    if isinstance(node, ast.BoolOp):
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return join.reduce([np.asarray(_evaluate(value, columns), bool) for value in node.values])
    assert isinstance(node, ast.Compare)
    values = [_evaluate(value, columns) for value in (node.left, *node.comparators)]
    pairs = [_COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, values, values[1:], strict=False)]
    return np.logical_and.reduce([np.asarray(pair, bool) for pair in pairs])


def plain(values: np.ndarray) -> np.ndarray:
    """Return a column as formulas see it: datetimes as float64 seconds since 1970, booleans as 1 and 0."""
    if values.dtype.kind == "M":
        microseconds = values.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(values), np.nan, microseconds)
    if values.dtype == object and all(value is None or isinstance(value, bool) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return values
