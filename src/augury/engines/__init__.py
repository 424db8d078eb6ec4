"""Engines: how the units of a run are spread over processes."""

from augury.engines.local import Local

__all__ = ["Local"]
