"""What importing costs: names without weight, every module alone, nothing heavy for a listing."""

import json
import subprocess
import sys
import types
from importlib import import_module
from importlib.util import find_spec

import pytest

import augury
from tests.meta.house import CORE, PLUGINS, modules

HEAVY = ("numpy", "torch", "cv2", "scipy", "pyarrow", "pandas", "PIL", "ray", "yaml", "rich", "fsspec")
INSTALLED = [package for package in (CORE, *PLUGINS) if find_spec(package.name)]
MODULES = [name for package in INSTALLED for name in modules(package)]
BRIDGED = ("albumentations", "audiomentations", "kornia", "librosa", "nlpaug", "torchaudio", "torchvision")
OPTIONAL = {
    "augury.torch": "torch",
    "augury.torch.loading": "torch",
    **{f"augury_bridges.{library}": library for library in BRIDGED},
}
"""Modules that stand on a package that need not be there."""
NETWORKS = (
    "backbones",
    "conditions",
    "heads",
    "layout",
    "model",
    "noise",
    "objectives",
    "parts",
    "testing",
    "training",
)
TORCH = tuple(f"augury_synthesis.{name}" for name in NETWORKS)
"""Those of networks, and all that is under them."""

BARE = """
import json, os, sys, traceback
from importlib import import_module
for name in ("cv2", "duckdb", "numpy", "pandas", "PIL.Image", "pyarrow.parquet", "scipy.stats", "torch", "yaml"):
    try:
        import_module(name)
    except ImportError:
        pass
for line in sys.stdin:
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        if os.WIFSIGNALED(status):
            print(json.dumps(f"died of signal {os.WTERMSIG(status)}"), flush=True)
        continue
    said = ""
    try:
        import_module(line.strip())
    except BaseException:
        said = traceback.format_exc()
    print(json.dumps(said), flush=True)
    os._exit(0)
"""
"""What answers for `bare`: other people's packages are imported once, and each of our modules in a fork of its own."""


def _loaded_after(code):
    code = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_import_is_light():
    """``import augury`` loads none of the heavy packages, and hardly a module of its own."""
    loaded = _loaded_after("import augury")
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("augury")} == {"augury", "augury.lazy"}


@pytest.mark.parametrize("verb", ["ops list", "plugins list"])
def test_listing_is_light(verb):
    """Listing loads no array library and no module that an entry's target names."""
    from augury.catalog import registry

    loaded = _loaded_after(
        f"from augury.cli.main import main\ntry:\n    main({verb.split()!r})\nexcept SystemExit:\n    pass"
    )
    assert not loaded & {"numpy", "torch", "cv2", "scipy", "pyarrow", "pandas", "PIL", "ray"}
    targets = {entry.spec.target.split(":")[0] for entry in registry().entries("ops")}
    assert not loaded & targets


@pytest.fixture(scope="module")
def bare():
    """A function that imports a module in a process that has met nothing of ours, and returns what went wrong."""
    command = [sys.executable, "-W", "error", "-c", BARE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def imported(name):
            print(name, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield imported
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_alone(bare, name):
    """Each module is imported first in a process without ours, with warnings as errors."""
    if name.endswith("__main__"):
        pytest.skip("running it is its purpose")
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    if name.startswith(TORCH):
        pytest.importorskip("torch")
    assert bare(name) == ""


def test_public_names_are_not_modules():
    """No public function or class shares its name with a submodule, which would hide one of them."""
    submodules = {name.split(".")[1] for name in modules(CORE) if name.count(".") == 1}
    for name in augury.__all__:
        value = getattr(augury, name)
        assert isinstance(value, types.ModuleType) or name not in submodules, name


def test_all_is_the_namespace():
    """``dir(augury)`` is what ``__all__`` says, and every name is there."""
    assert dir(augury) == sorted(augury.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = augury.no_such_name


def test_all_names_exist():
    """What a package's ``__all__`` names is there."""
    missing = {}
    for name in MODULES:
        if not name.endswith("__main__") and (name not in OPTIONAL or find_spec(OPTIONAL[name])):
            module = import_module(name)
            missing |= {f"{name}.{n}": n for n in getattr(module, "__all__", ()) if not hasattr(module, n)}
    assert missing == {}
