"""Audio and intervals for augury: time and pitch, noise, denoising, and labels that stay on their sound."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augury_audio.audio import Audio, read_audio, write_audio
    from augury_audio.kinds import Interval

__all__ = ["Audio", "Interval", "read_audio", "write_audio"]

_HOMES = {"Audio": "audio", "Interval": "kinds", "read_audio": "audio", "write_audio": "audio"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
