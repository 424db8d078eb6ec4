"""The command itself: what it refuses, how it fails, what it imports."""

import os
import subprocess
import sys
import textwrap

import pytest

import augury as package
from augury.cli import main as module
from augury.cli.main import COMMANDS, main
from augury.errors import CheckFailed, DataError, EngineError, RecipeError


def test_without_arguments(augury):
    """Alone it prints its help, with every command."""
    ran = augury()
    assert ran.code == 0 and all(f"    {name} " in ran.out for name in COMMANDS)


def test_version(augury):
    """--version is the package's."""
    assert augury("--version").out == f"augury {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ruin"], "augury: expected a command, got 'ruin'. Did you mean run? Fix: see augury --help."),
        (["chekc", "r.yaml"], "Did you mean check?"),
        (["zzz"], "augury: expected a command, got 'zzz'. Fix: see augury --help."),
        (["--jsn"], "augury: expected an option, got '--jsn'."),
        (["ops", "lst"], "augury ops: expected one of list, show, got 'lst'. Did you mean list?"),
        (["ops"], "augury ops: expected ACTION, got nothing."),
        (["ops", "list", "--jsn"], "augury ops list: expected an option, got '--jsn'. Did you mean --json?"),
        (["run"], "augury run: expected RECIPE, got nothing."),
        (["run", "r.yaml", "--worker", "2"], "augury run: expected an option, got '--worker'. Did you mean --workers"),
        (["run", "r.yaml", "--workers", "two"], "expected a whole number of at least 1, got 'two'."),
        (["run", "r.yaml", "--workers", "0"], "expected a whole number of at least 1, got '0'."),
        (["run", "r.yaml", "--engine", "rai"], "expected one of local, got 'rai'."),
        (["run", "r.yaml", "--seed", "x"], "augury run --seed: expected a whole number, got 'x'."),
        (["check", "a.yaml", "b.yaml"], "augury check: expected no further argument, got 'b.yaml'."),
    ],
)
def test_wrong_command_line(augury, arguments, expected):
    """A wrong command line is one line on standard error and exit code 2."""
    ran = augury(*arguments)
    assert ran.code == 2 and ran.out == ""
    assert expected in ran.err and ran.err.count("\n") == 1 and "Traceback" not in ran.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(name, capsys):
    """Every command explains itself."""
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: augury {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (CheckFailed("row 3 differs"), 1, "row 3 differs\n"),
        (RecipeError("a\nb"), 2, "a\nb\n"),
        (DataError("bad"), 3, "bad\n"),
        (EngineError("disk"), 4, "disk\n"),
        (MemoryError(), 4, "augury: expected enough memory, got none. Fix: lower --workers"),
        (OSError(28, "No space left on device"), 4, "No space left on device. Fix: correct that and run again."),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (ZeroDivisionError("by zero"), 4, "augury: this is a bug: ZeroDivisionError: by zero. Fix: run it again with"),
    ],
)
def test_failures(augury, monkeypatch, error, code, expected):
    """Each failure is a message and the exit code that the design gives it, never a traceback."""

    def fail(arguments):
        raise error

    monkeypatch.setattr(module, "_run", fail)
    ran = augury("doctor")
    assert ran.code == code and expected in ran.err and "Traceback" not in ran.err


def test_traceback_on_request(monkeypatch):
    """AUGURY_TRACEBACK=1 lets the failure through."""
    monkeypatch.setenv("AUGURY_TRACEBACK", "1")
    with pytest.raises(package.cli.parser.UsageError):
        main(["zzz"])


def test_broken_pipe(tmp_path):
    """A reader that goes away is no failure."""
    script = f"{sys.executable} -m augury ops list | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0" and done.stderr == ""


HEAVY = ("numpy", "pyarrow", "rich", "torch", "cv2", "scipy", "yaml", "fsspec", "PIL", "asyncio", "multiprocessing")


@pytest.mark.parametrize("arguments", [["ops", "list"], ["plugins", "list"], ["--help"], ["run", "--help"]])
def test_listings_import_nothing_heavy(arguments):
    """Listing ops and plugins starts no array library, no YAML, no terminal library."""
    code = textwrap.dedent(f"""
        import sys
        from augury.cli.main import main
        try:
            main({arguments!r})
        except SystemExit:
            pass
        print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stderr == "[]\n"
