"""Libraries that only evaluations need, imported when used."""

from __future__ import annotations

from importlib.util import find_spec

from augury.errors import PluginError, describe, shown


def need(module: str, name: str) -> None:
    """Refuse to go on without a library.

    Raises:
        PluginError: with the pip line.
    """
    if find_spec(module) is None:
        fix = "pip install 'augury[quality]'"
        raise PluginError(describe("evaluation", f"{name} to be installed", shown("nothing"), fix=fix))
