"""How the specs of this distribution are written. Imports nothing but the plugin interface, as all spec modules."""

from __future__ import annotations

from augury.plugin import OpSpec

PLANES = ("image", "raw_image")
NO_EXAMPLES: tuple[dict[str, object], ...] = ()


def op(
    name: str,
    family: str,
    cls: str,
    effect: str,
    summary: str,
    examples: tuple[dict[str, object], ...] = NO_EXAMPLES,
    on: str | tuple[str, ...] = "image",
) -> OpSpec:
    """Return the spec of ``image.<name>``, the class ``cls`` of ``ops/<family>.py``."""
    target = f"augury_image.ops.{family}:{cls}"
    return OpSpec(f"image.{name}", target, summary, on=on, version=1, effect=effect, examples=examples)


def warp(name: str, family: str, cls: str, summary: str, *examples: dict[str, object]) -> OpSpec:
    """Return the spec of a warp, which acts on pictures of either domain."""
    return op(name, family, cls, "Warp", summary, examples, PLANES)


def field(name: str, cls: str, summary: str, *examples: dict[str, object]) -> OpSpec:
    """Return the spec of a dense distortion."""
    return op(name, "distortions", cls, "Field", summary, examples, PLANES)
