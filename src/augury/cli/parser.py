"""An argument parser whose errors name the nearest command or option, and are raised."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from augury.errors import AuguryError, describe, shown


class UsageError(AuguryError):
    """The command line is wrong."""


class _Formatter(argparse.HelpFormatter):
    """argparse's own, told the width: finding it out for itself imports the compression modules."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns
        except OSError:
            width = 100
        super().__init__(prog, max_help_position=28, width=min(width - 2, 118))


class Parser(argparse.ArgumentParser):
    """argparse with errors in the house's form and no abbreviations."""

    def __init__(self, **kwargs: Any) -> None:
        """Make a parser; see `argparse.ArgumentParser`."""
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(**kwargs)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the parsed arguments.

        Raises:
            UsageError: with the nearest names.
        """
        args, unknown = self.parse_known_args(arguments)
        if unknown:
            parser = getattr(args, "parser", self)
            options = sorted({o for a in parser._actions for o in a.option_strings if o.startswith("--")})
            name = unknown[0].split("=")[0]
            what = "an option" if name.startswith("-") else "no further argument"
            text = describe(parser.prog, what, name, name=name, known=options, fix=f"see {parser.prog} --help")
            raise UsageError(text)
        return args

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found.

        Raises:
            UsageError: always.
        """
        see = f"see {self.prog} --help"
        if choice := re.match(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", message):
            known = re.findall(r"[\w.-]+", choice[3])
            what = "a command" if choice[1] == "COMMAND" else f"one of {', '.join(known)}"
            raise UsageError(describe(self.prog, what, choice[2], name=choice[2], known=known, fix=see))
        if missing := re.match(r"the following arguments are required: (.*)", message):
            raise UsageError(describe(self.prog, missing[1], shown("nothing"), fix=see))
        if value := re.match(r"argument (\S+): invalid (\w+) value: '?(.*?)'?$", message):
            words = {"int": "a whole number", "whole": "a whole number", "positive": "a whole number of at least 1"}
            expected = words.get(value[2], value[2])
            raise UsageError(describe(f"{self.prog} {value[1]}", expected, value[3], fix=see))
        raise UsageError(f"{self.prog}: {message}. Fix: {see}.")


def positive(text: str) -> int:
    """Return a whole number of at least 1, for ``type=``."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
