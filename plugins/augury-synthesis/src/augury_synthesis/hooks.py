"""What this distribution gives the registry."""

from augury.plugin import Plugin, hookimpl


@hookimpl
def augury_plugin() -> Plugin:
    """Return the synthesizers."""
    return Plugin(synthesizers=[])
