"""Augmentation policies as macros: RandAugment, TrivialAugment, AutoAugment, AugMix. They expand to steps of other ops.

The operations are those of the papers, by ours: brightness, contrast and colour multiply (contrast about middle grey,
not the picture's mean), shears and rotations are about the centre. Strengths run from 0 to 1 of the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from augury.effects import Fill
from augury.op import Op
from augury.params import Within
from augury_image.policy_tables import SUB_POLICIES

Step: TypeAlias = dict[str, Any]

STILL_OPERATIONS = ("AutoContrast", "Equalize", "Invert", "Posterize", "Solarize", "Color", "Contrast", "Brightness",
                    "Sharpness")  # fmt: skip
"""Operations that leave targets where they are."""


class Limits(NamedTuple):
    """The greatest strength of each operation: fractions, degrees, factors away from 1, bits taken away."""

    shear_deg: float = 16.7
    translate_frac: float = 150.0 / 331.0
    rotate_deg: float = 30.0
    factor: float = 0.9
    bits: int = 4


WIDE = Limits(shear_deg=44.7, translate_frac=32.0 / 224.0, rotate_deg=135.0, factor=0.99, bits=6)
"""The wide limits of TrivialAugment."""


class Policy(Op):
    """Base of the policies: what their warps paint."""

    on = "image"

    fill: Annotated[Fill, Within(0.0, 1.0)] = 0.0

    def operation(self, name: str, low: float, high: float, limits: Limits, p: float = 1.0) -> Step:
        """Return a step of one operation, its strength uniform in [low, high] of the greatest, of either sign."""
        if name in _PLAIN:
            return {_PLAIN[name]: {"p": p}}
        if name == "Posterize":
            bits = sorted(8 - round(limits.bits * strength) for strength in (low, high))
            return {"image.posterize": {"bits_range": bits, "p": p}}
        if name == "Solarize":
            return {"image.solarize": {"threshold_range": [1.0 - high, 1.0 - low], "p": p}}
        signed = _SIGNED[name]
        sides = [
            signed(limits, sorted((sign * low, sign * high)), {"fill": self.fill} if signed in _WARPS else {})
            for sign in (1.0, -1.0)
        ]
        return {"one_of": {"steps": sides, "p": p}}


def _shear(axis: str) -> Callable[[Limits, list[float], Step], Step]:
    def step(limits: Limits, span: list[float], more: Step) -> Step:
        return {"image.shear": {"shear_deg_range": [v * limits.shear_deg for v in span], "axis": axis, **more}}

    return step


def _translate(axis: str) -> Callable[[Limits, list[float], Step], Step]:
    def step(limits: Limits, span: list[float], more: Step) -> Step:
        frac = [v * limits.translate_frac for v in span]
        return {"image.translate": {"offset_frac_range": frac, "axis": axis, **more}}

    return step


def _rotate(limits: Limits, span: list[float], more: Step) -> Step:
    return {"image.rotate": {"angle_deg_range": [v * limits.rotate_deg for v in span], **more}}


def _factor(which: str) -> Callable[[Limits, list[float], Step], Step]:
    still = {f"{name}_factor_range": [1.0, 1.0] for name in ("brightness", "contrast", "saturation")}

    def step(limits: Limits, span: list[float], more: Step) -> Step:
        factors = [1.0 + v * limits.factor for v in span]
        return {"image.color_jitter": {**still, "hue_deg_range": [0.0, 0.0], f"{which}_factor_range": factors, **more}}

    return step


def _sharpness(limits: Limits, span: list[float], more: Step) -> Step:
    return {"image.sharpness": {"factor_range": [1.0 + v * limits.factor for v in span], **more}}


_SHEAR_X, _SHEAR_Y = _shear("x"), _shear("y")
_TRANSLATE_X, _TRANSLATE_Y = _translate("x"), _translate("y")
_WARPS = (_SHEAR_X, _SHEAR_Y, _TRANSLATE_X, _TRANSLATE_Y, _rotate)
_SIGNED: dict[str, Callable[[Limits, list[float], Step], Step]] = {
    "ShearX": _SHEAR_X,
    "ShearY": _SHEAR_Y,
    "TranslateX": _TRANSLATE_X,
    "TranslateY": _TRANSLATE_Y,
    "Rotate": _rotate,
    "Brightness": _factor("brightness"),
    "Color": _factor("saturation"),
    "Contrast": _factor("contrast"),
    "Sharpness": _sharpness,
}
_PLAIN = {"AutoContrast": "image.autocontrast", "Equalize": "image.equalize", "Invert": "image.invert"}
_COMMON = (*(name for name in _SIGNED), "Posterize", "Solarize", "AutoContrast", "Equalize")


class RandAugment(Policy):
    """Apply a few operations, each chosen alike among fourteen, all at one strength.

    Fields: image; every target on it follows.

    Args:
        times: Operations applied one after the other; one may come twice.
        strength: Of the greatest, in [0, 1]: 9 of 30 is the paper's usual setting.
        fill: What warps show outside the picture, in [0, 1].
    Cost: that of the chosen operations; warps and tones that follow each other run as one.
    Reference: Cubuk et al., RandAugment, 2020.
    """

    times: Annotated[int, Within(1, 20)] = 2
    strength: Annotated[float, Within(0.0, 1.0)] = 0.3

    def expand(self) -> Sequence[Step]:
        """Return the steps."""
        s = self.strength
        chosen = [{"sequence": []}, *(self.operation(name, s, s, Limits()) for name in _COMMON)]
        return [{"repeat": {"times": self.times, "steps": [{"one_of": chosen}]}}]


class TrivialAugment(Policy):
    """Apply one operation, chosen alike among fourteen, at a strength drawn from the whole wide range.

    Fields: image; every target on it follows.

    Args:
        fill: What warps show outside the picture, in [0, 1].
    Cost: that of the chosen operation.
    Reference: Müller and Hutter, TrivialAugment, 2021. Strengths are uniform, not of 31 steps.
    """

    def expand(self) -> Sequence[Step]:
        """Return the steps."""
        chosen = [{"sequence": []}, *(self.operation(name, 0.0, 1.0, WIDE) for name in _COMMON)]
        return [{"one_of": chosen}]


class AutoAugment(Policy):
    """Apply one of 25 pairs of operations that were found by search on a data set.

    Fields: image; every target on it follows.

    Args:
        policy: The data set: ``imagenet``, ``cifar10`` or ``svhn``.
        fill: What warps show outside the picture, in [0, 1].
    Cost: that of the chosen operations.
    Reference: Cubuk et al., AutoAugment, 2019.
    """

    policy: Literal["imagenet", "cifar10", "svhn"] = "imagenet"

    def expand(self) -> Sequence[Step]:
        """Return the steps."""
        pairs = [line.split(",") for line in SUB_POLICIES[self.policy].strip().splitlines()]
        return [{"one_of": [{"sequence": [self._read(text) for text in pair]} for pair in pairs]}]

    def _read(self, text: str) -> Step:
        name, p, *strength = text.split()
        at = int(strength[0]) / 9 if strength else 0.0
        return self.operation(name, at, at, Limits(), float(p))


class AugMix(Policy):
    """Blend the picture with several chains of operations run on it: robust to corruptions, natural to look at.

    Fields: image. Chains that shear, shift and rotate blur the place of things, so they are left out unless ``moving``;
        then targets must have ``on_unmoved: drop``.

    Args:
        chains: Chains that are blended.
        depth_range: (lo, hi) of the operations in a chain, 1 to 5.
        strength: Of the greatest, in [0, 1]; drawn from [0, strength].
        concentration: Of the Dirichlet and beta distributions that the shares are drawn from.
        moving: Whether chains may move the picture.
        fill: What warps show outside the picture, in [0, 1].
    Cost: that of all chains, each rendered by itself, and one pass for each.
    Reference: Hendrycks et al., AugMix, 2020.
    """

    chains: Annotated[int, Within(1, 10)] = 3
    depth_range: Annotated[tuple[int, int], Within(1, 5)] = (1, 3)
    strength: Annotated[float, Within(0.0, 1.0)] = 0.3
    concentration: Annotated[float, Within(0.01, 100.0)] = 1.0
    moving: bool = False

    def expand(self) -> Sequence[Step]:
        """Return the steps."""
        names = [name for name in _COMMON if self.moving or name in STILL_OPERATIONS]
        limits = Limits(translate_frac=1.0 / 3.0)
        one: Step = {"one_of": [self.operation(name, 0.0, self.strength, limits) for name in names]}
        least, most = self.depth_range
        # From the end: the k-th operation comes with the chance that a uniform depth of at least k - 1 is k or more.
        chain: list[Step] = []
        for k in range(most, 0, -1):
            if k <= least:
                chain = [one, *chain]
            else:
                chain = [{"sometimes": {"p": (most - k + 1) / (most - k + 2), "steps": [one, *chain]}}]
        branches = [{"sequence": list(chain)} for _ in range(self.chains)]
        return [{"blend": {"steps": branches, "concentration": self.concentration}}]
