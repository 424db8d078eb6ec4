"""Running the command in this process and in one of its own."""

import subprocess
import sys
from typing import NamedTuple

import pytest

from augury.cli.main import main


class Ran(NamedTuple):
    """An exit code and what was printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def augury(capsys):
    """Return a function that runs the command here."""

    def run(*arguments):
        code = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def augury_process():
    """Return a function that runs ``python -m augury`` in a process of its own."""

    def run(*arguments, before="", **environment):
        import os

        command = [sys.executable, "-c", f"{before}\nimport runpy; runpy.run_module('augury', run_name='__main__')"]
        done = subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **environment}
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
