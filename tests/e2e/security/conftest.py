"""A folder with a few pictures, and the command."""

import io
from contextlib import chdir, redirect_stderr, redirect_stdout
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from augury.cli.main import main


class Ran(NamedTuple):
    """An exit code and what was printed."""

    code: int
    out: str
    err: str


def png(value=0):
    """Return the bytes of a small picture."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 9, 3), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def picture():
    """Return a function that makes a small PNG."""
    return png


@pytest.fixture
def augury(tmp_path):
    """Return a function that writes a recipe into a folder of its own and runs a command on it."""
    home = tmp_path / "home"
    home.mkdir()

    def command(recipe, *arguments):
        (home / "r.yaml").write_text(recipe)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), chdir(home):
            code = main([str(a) for a in arguments or ("run", "r.yaml", "-o", "out", "--workers", "1")])
        assert "Traceback" not in err.getvalue()
        return Ran(code, out.getvalue(), err.getvalue())

    command.home = home
    return command
