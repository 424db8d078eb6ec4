"""New distributions from templates: plain files in which ``$dist`` and the like are replaced, nothing more."""

from augury.scaffold.plugin import VARIANTS, Scaffold, Variant, plan, write

__all__ = ["VARIANTS", "Scaffold", "Variant", "plan", "write"]
