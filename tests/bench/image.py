"""Image pipelines and single ops against albumentations, on photographs of 640 x 427, whole calls on both sides.

Equal work: the same sizes, ranges, borders and bilinear interpolation, one thread. Where ours does more (a shrinking crop
reads every pixel), a second row gives the peer the interpolation that does so too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, NamedTuple

import numpy as np

ROUNDS = 9
SECONDS = 0.15
SIZE = (224, 224)
DRAWS = 10_000
"""More than a turn has calls; even."""

Call = Callable[[int], Any]


class Work(NamedTuple):
    """One line of the table: steps of ours, transforms of the peer, the ratio asked."""

    what: str
    steps: list[Any]
    peer: list[Any]
    asked: float = 1.0


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a figure: what, ours, against, ratio, asked, met."""
    import albumentations as peer
    import cv2

    import augury

    cv2.setNumThreads(0)
    images = photographs()
    records = [{"photo": image} for image in images]
    for work in works(peer, cv2):
        pipe, theirs = augury.pipeline(work.steps, {"photo": "image"}), peer.Compose(work.peer)

        def mine(n: int, pipe: Any = pipe) -> Any:
            return pipe(records[n % len(records)], seed=7, id=str(n), copy=0)

        def other(n: int, theirs: Any = theirs) -> Any:
            return theirs(image=images[n % len(images)])["image"]

        ours, speed, ratio = alternate(mine, other)
        yield {
            "what": work.what,
            "ours": f"{ours:,.0f} a second",
            "against": f"albumentations {speed:,.0f}",
            "ratio": ratio,
            "asked": f"at least {work.asked:g}",
            "met": ratio >= work.asked,
        }
    yield from quality(images)


def photographs() -> list[np.ndarray]:
    """Return scikit-learn's two photographs, uint8 (427, 640, 3)."""
    from sklearn.datasets import load_sample_images

    return [np.ascontiguousarray(image[:427, :640]) for image in load_sample_images().images]


def alternate(mine: Call, other: Call) -> tuple[float, float, float]:
    """Return both speeds, calls a second, and the median of their ratios over rounds in which they take turns."""
    rounds = []
    for call in (mine, other):
        speed(call, SECONDS / 3)
    for k in range(ROUNDS):
        rounds.append((speed(mine, SECONDS, k), speed(other, SECONDS, k)))
    return median(a for a, _ in rounds), median(b for _, b in rounds), median(a / b for a, b in rounds)


def speed(call: Call, seconds: float, turn: int = 0) -> float:
    """Return calls a second of this process's own time: all runs in one thread, and what others take does not count.

    Both photographs are seen equally often, and each turn has draws of its own: a call of some ops takes as long as a
    turn, and with one draw and picture a turn their ratios would be those of this draw and picture.
    """
    started, n = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds or n % 2:
        call(turn * DRAWS + n)
        n += 1
    return n / spent


def works(peer: Any, cv2: Any) -> Iterator[Work]:
    """Yield the lines of the table; ``peer`` is albumentations."""
    black = {"border_mode": cv2.BORDER_CONSTANT, "interpolation": cv2.INTER_LINEAR, "p": 1}
    affine = {"angle_deg_range": (-20, 20), "scale_range": (0.8, 1.2), "shear_deg_range": (-10, 10)}
    theirs = {"rotate": (-20, 20), "scale": (0.8, 1.2), "shear": (-10, 10), "interpolation": cv2.INTER_LINEAR, "p": 1}
    shift = {"offset_frac_range": (-0.1, 0.1)}, {"translate_percent": (-0.1, 0.1)}
    turn, half = {"image.rotate": {"angle_deg_range": (-30, 30)}}, {"image.flip": {"p": 0.5}}
    their_turn, their_half = peer.Rotate((-30, 30), **black), peer.HorizontalFlip(p=0.5)
    still = {"image.affine": affine | {"offset_frac_range": (0, 0)}}
    yield Work(
        "rotate, flip, affine; full size",
        [turn, half, still],
        [their_turn, their_half, peer.Affine(**theirs)],
        1.7,
    )
    yield Work(
        "rotate, flip, affine, crop to 224, 3 tones",
        [
            turn,
            half,
            {"image.affine": affine | shift[0]},
            {"image.resized_crop": {"size": SIZE}},
            "image.brightness_contrast",
            {"image.gamma": {"gamma_range": (0.8, 1.2)}},
            {"image.posterize": {"bits_range": (6, 6)}},
        ],
        [
            their_turn,
            their_half,
            peer.Affine(**theirs, **shift[1]),
            peer.RandomResizedCrop(SIZE),
            peer.RandomBrightnessContrast(0.2, 0.2, p=1),
            peer.RandomGamma((80, 120), p=1),
            peer.Posterize(6, p=1),
        ],
        6.0,
    )
    yield Work("rotate", [turn], [their_turn])
    yield Work("affine", [{"image.affine": affine | shift[0]}], [peer.Affine(**theirs, **shift[1])])
    yield Work("flip", ["image.flip"], [peer.HorizontalFlip(p=1)])
    crop = {"image.resized_crop": {"size": SIZE}}
    yield Work("crop to 224; theirs skips pixels", [crop], [peer.RandomResizedCrop(SIZE, p=1)])
    yield Work("crop to 224; both read all", [crop], [peer.RandomResizedCrop(SIZE, interpolation=cv2.INTER_AREA, p=1)])
    tones = peer.RandomBrightnessContrast(0.2, 0.2, p=1)
    yield Work("brightness and contrast", ["image.brightness_contrast"], [tones])
    jitter = {
        "brightness_factor_range": (0.8, 1.2),
        "contrast_factor_range": (0.8, 1.2),
        "saturation_factor_range": (0.8, 1.2),
        "hue_deg_range": (-36, 36),
    }
    yield Work("colour jitter", [{"image.color_jitter": jitter}], [peer.ColorJitter(0.2, 0.2, 0.2, 0.1, p=1)], 2.0)
    yield Work("gamma", [{"image.gamma": {"gamma_range": (0.8, 1.2)}}], [peer.RandomGamma((80, 120), p=1)])
    blur = {"image.blur": {"sigma_px_range": (1, 1), "reach_sigma": 2.0}}
    yield Work("gaussian blur, 5 x 5", [blur], [peer.GaussianBlur((5, 5), (1, 1), p=1)])
    yield Work("posterize", [{"image.posterize": {"bits_range": (4, 4)}}], [peer.Posterize(4, p=1)])
    yield Work("solarize", [{"image.solarize": {"threshold_range": (0.5, 0.5)}}], [peer.Solarize((0.5, 0.5), p=1)])
    side = (0.1, 0.3)
    holes = peer.CoarseDropout(num_holes_range=(1, 1), hole_height_range=side, hole_width_range=side, p=1)
    yield Work("erasing", ["image.erasing"], [holes])


def quality(images: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """Yield how much nearer the ideal single resample the compiled pixels are than step by step, in dB of PSNR.

    The ideal traces the centres of 4 x 4 points a pixel back through the steps and averages the source's cubic spline.
    """
    import augury
    from augury.spaces.plane import PlaneSize

    steps = [{"image.rotate": {"name": "turn"}}, {"image.scale": {}}, {"image.rotate": {"name": "back"}}]
    fused, plain = (augury.pipeline(steps, {"photo": "image"}, compile=on) for on in (True, False))
    gains = []
    for k, image in enumerate(images * 2):
        one, two = (pipe({"photo": image}, seed=7, id=str(k), copy=0) for pipe in (fused, plain))
        size = PlaneSize(*image.shape)
        wanted, inside = _ideal(image, [_matrix(fused, step, size) for step in one.lineage["steps"]])
        errors = [np.mean((out["photo"][inside] - wanted[inside]) ** 2) for out in (one, two)]
        gains.append(10 * np.log10(errors[1] / errors[0]))
    yield {
        "what": "nearer the ideal than step by step",
        "ours": f"{median(gains):+.1f} dB, least {min(gains):+.1f} dB",
        "against": "compile=False",
        "ratio": None,
        "asked": "above 0 dB",
        "met": bool(min(gains) > 0),
    }


def _matrix(pipe: Any, step: Any, size: Any) -> np.ndarray:
    """Return a step's own 3x3 matrix, from its stored draw."""
    from types import SimpleNamespace

    op = next(node.op for node in pipe.ops if node.path == step["path"])
    return np.reshape(op.effect(step["draw"], SimpleNamespace(size=size)).matrix, (3, 3))


def _ideal(image: np.ndarray, matrices: list[np.ndarray], fine: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return float pixels (height, width, 3), and which of them lie wholly inside every canvas."""
    from scipy.ndimage import map_coordinates

    height, width = image.shape[:2]
    y, x = (np.mgrid[0 : height * fine, 0 : width * fine] + 0.5) / fine
    kept = np.ones(x.shape, bool)
    for matrix in reversed(matrices):
        back = np.linalg.inv(matrix)
        x, y = back[0, 0] * x + back[0, 1] * y + back[0, 2], back[1, 0] * x + back[1, 1] * y + back[1, 2]
        kept &= (x > 2) & (y > 2) & (x < width - 2) & (y < height - 2)
    planes = [
        map_coordinates(image[:, :, c].astype(float), (y - 0.5, x - 0.5), order=3, mode="nearest") for c in range(3)
    ]
    blocks = np.stack(planes, axis=2).clip(0, 255).reshape(height, fine, width, fine, 3).mean(axis=(1, 3))
    return blocks, np.asarray(kept.reshape(height, fine, width, fine).all(axis=(1, 3)))


if __name__ == "__main__":
    for row in tables():
        ratio = "" if row["ratio"] is None else f"{row['ratio']:6.2f}"
        print(f"{row['what']:46s} {row['ours']:28s} {row['against']:24s} {ratio:6s} {row['asked']}")
