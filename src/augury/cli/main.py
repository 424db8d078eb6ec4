"""The ``augury`` command: finds the verb, runs it, and turns every failure into one message and an exit code.

Exit codes: 0 done, 1 a check failed, 2 the command or recipe is wrong, 3 the data is wrong, 4 the environment failed
(disk, memory, a lost worker; the run can be resumed) or Augury has a bug, 130 interrupted. ``AUGURY_TRACEBACK=1`` shows
the traceback of any failure.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from augury.cli.parser import Parser
from augury.errors import AuguryError

COMMANDS = {
    "run": "build the dataset that a recipe describes",
    "check": "show every mistake of a recipe at once; nothing is run",
    "preview": "write a page with records before and after",
    "verify": "check a dataset's hashes, counts and lineage, and audit it for leaks",
    "report": "write the report's page of a dataset again",
    "replay": "rebuild one row from its source and compare",
    "synth": "learn a table file, make rows like its own, judge them",
    "ops": "list the ops, or show one",
    "plugins": "list, install, uninstall and check plugins",
    "new": "write a new plugin: an installable distribution with a passing test",
    "schema": "write the JSON Schema of recipes, for editors",
    "doctor": "check this installation",
}
"""The built-in verbs; each is a module of this package with ``add(subparsers)``."""

TRACEBACK = "AUGURY_TRACEBACK"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        if os.environ.get(TRACEBACK) == "1":
            raise
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get(TRACEBACK) == "1":
            raise
        print(_message(error), file=sys.stderr)
        return error.exit_code if isinstance(error, AuguryError) else 4


def _run(arguments: list[str]) -> int:
    parser = Parser(prog="augury", description="Augment, split and build datasets of any modality.")
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    verb = next((a for a in arguments if not a.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == verb:
            import_module(f"augury.cli.{name}").add(subparsers, summary)
        else:
            subparsers.add_parser(name, help=summary)
    if (verb is not None and verb not in COMMANDS) or (verb is None and arguments and "--version" not in arguments):
        _add_plugins(subparsers)
    args = parser.parse(arguments)
    if args.version:
        from augury import __version__

        print(f"augury {__version__}")
        return 0
    if not hasattr(args, "do"):
        parser.print_help()
        return 0 if not arguments else 2
    code: int = args.do(args)
    sys.stdout.flush()
    return code


def _add_plugins(subparsers: object) -> None:
    """Let plugins add their verbs."""
    from augury.catalog import registry

    for entry in registry().entries("commands"):
        if entry.id not in COMMANDS:
            entry.load()(subparsers)


def _message(error: Exception) -> str:
    if isinstance(error, AuguryError):
        return str(error)
    if isinstance(error, MemoryError):
        return "augury: expected enough memory, got none. Fix: lower --workers or limits.unit_records, and run again."
    if isinstance(error, OSError):
        return f"augury: expected the system to do it, got {error}. Fix: correct that and run again."
    text = str(error).splitlines()[0] if str(error) else "no message"
    fix = f"run it again with {TRACEBACK}=1 to see where, and report it"
    return f"augury: this is a bug: {type(error).__name__}: {text}. Fix: {fix}."
