"""Everything a plugin's ``hooks`` module needs: light, importing no array library.

from augury.plugin import OpSpec, Plugin, hookimpl

@hookimpl
def augury_plugin():
return Plugin(ops=[OpSpec("image.sepia", "augury_sepia.ops:Sepia", "Warm brown tint.", on="image")])
"""

from augury.hookspecs import hookimpl
from augury.specs import (
    KEEP,
    REFUSE,
    CleanerSpec,
    CommandSpec,
    CouplingSpec,
    DetectorSpec,
    EffectSpec,
    FormatSpec,
    KindSpec,
    OpSpec,
    Plugin,
    Spec,
)

__all__ = [
    "KEEP",
    "REFUSE",
    "CleanerSpec",
    "CommandSpec",
    "CouplingSpec",
    "DetectorSpec",
    "EffectSpec",
    "FormatSpec",
    "KindSpec",
    "OpSpec",
    "Plugin",
    "Spec",
    "hookimpl",
]
