"""Image transforms of other libraries as ops."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from augury.effects import Effect, Effects, Opaque, Pixels, Warp
from augury.errors import AuguryError, FieldError, describe, shown
from augury.op import Info
from augury.spaces.geometry import IDENTITY
from augury_bridges.making import Bridged
from augury_bridges.probe import coordinates, located
from augury_bridges.scope import seeded


class ImageOp(Bridged):
    """A transform of images. Its role is "still", "recolours", "moves" or "unknown"."""

    on = "image"

    def effect(self, draw: Any, info: Info) -> Effects:
        """Return the transform as an opaque effect; a moving one tells where things went by `where`."""
        args = {**self.arguments, "seed": draw["seed"], "role": self.role}
        return Pixels(picture, args) if self.role == "still" else Opaque(picture, where, args)


def picture(
    image: np.ndarray, *, library: str, name: str, given: Mapping[str, Any], seed: int, role: str
) -> np.ndarray:
    """Run a transform on an image (height, width, channels).

    Raises:
        FieldError: when the library cannot take this image, or what it makes of it is no image.
    """
    adapter: Any = import_module(f"augury_bridges.{library}")
    try:
        with seeded(seed):
            made = adapter.run(adapter.make(name, given), np.array(image), seed)
    except AuguryError:
        raise
    except Exception as error:
        raise refusal(f"{library}.{name}", "an image", f"{image.dtype}{list(image.shape)}", error) from error
    out = np.ascontiguousarray(made[:, :, None] if made.ndim == 2 else made)
    if out.dtype != np.uint8:
        if not np.isfinite(out).all():
            what = f"finite numbers from {library}.{name}"
            raise FieldError(describe("", what, shown("NaN or infinity"), fix="leave it out for such images"))
        out = np.clip(out.astype(np.float32, copy=False), 0.0, 1.0)
    keeps = {"still": out.shape == image.shape, "recolours": out.shape[:2] == image.shape[:2]}
    if out.ndim != 3 or not out.size or not keeps.get(role, True):
        got = shown(f"{list(out.shape)} from {list(image.shape)}")
        raise FieldError(
            describe("", f"an image, of the size it must have, from {library}.{name}", got, fix="leave it out")
        )
    return out


def where(
    image: np.ndarray, *, library: str, name: str, given: Mapping[str, Any], seed: int, role: str
) -> Effect | None:
    """Return where the transform moves what lies on the image, seen by running it on a picture of coordinates."""
    if role == "unknown":
        return None
    if role == "recolours":
        return Warp(IDENTITY, image.shape[:2])
    height, width = image.shape[:2]
    probe = coordinates(height, width)
    moved = picture(probe, library=library, name=name, given=given, seed=seed, role=role)
    return located(moved, height, width)


def refusal(op: str, kind: str, got: str, error: Exception) -> FieldError:
    """Return the error of a value that a library cannot take."""
    text = f"{got} ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
    return FieldError(describe("", f"{kind} that {op} takes", shown(text), fix="leave the step out for such records"))
