"""A training loop's input: torch's DataLoader with two workers, from JPEG files to batches of tensors.

Ours through `augury.torch.Dataset`, albumentations in a plain Dataset, as its documentation has it; decoding included,
both by OpenCV, epochs in turns, workers kept. The machine's other work disturbs both alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.bench.image import photographs, works

FILES = 320
BATCH = 32
WORKERS = 2
ROUNDS = 5


def tables() -> Iterator[dict[str, Any]]:
    """Yield one row a pipeline: what, ours, against, ratio, asked, met."""
    import albumentations as peer
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    seed, long = list(works(peer, cv2))[:2]
    with TemporaryDirectory() as folder:
        files = _files(Path(folder))
        for work, decode in ((seed, "full"), (long, "full"), (long, "reduced")):
            mine, other = _ours(files, work.steps, decode), _theirs(files, work.peer)
            rounds = [(_epoch(mine), _epoch(other)) for _ in range(ROUNDS + 1)][1:]
            ratio = median(a / b for a, b in rounds)
            yield {
                "what": work.what + ("; decode: reduced" if decode == "reduced" else ""),
                "ours": f"{median(a for a, _ in rounds):,.0f} images a second",
                "against": f"albumentations {median(b for _, b in rounds):,.0f}",
                "ratio": ratio,
                "asked": "at least 1",
                "met": ratio >= 1,
            }


def _files(folder: Path) -> list[Path]:
    """Write photographs, each shifted otherwise, as JPEG files of quality 90."""
    import cv2

    held = []
    for shift in range(0, 640, 80):
        for image in photographs():
            turned = np.roll(image, shift, axis=1)[:, :, ::-1]
            held.append(cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    files = [folder / f"{n}.jpg" for n in range(FILES)]
    for n, file in enumerate(files):
        file.write_bytes(held[n % len(held)])
    return files


def _epoch(loader: Any) -> float:
    """Return images a second over one pass."""
    started, count = time.perf_counter(), 0
    for batch in loader:
        count += len(batch)
    return count / (time.perf_counter() - started)


def _loader(dataset: Any) -> Any:
    from torch.utils.data import DataLoader

    return DataLoader(dataset, batch_size=BATCH, num_workers=WORKERS, persistent_workers=True, shuffle=False)


class _Files:
    """Records of the files, their pictures still encoded."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict[str, bytes]:
        return {"photo": self.files[index].read_bytes()}


def _tensor(image: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(image.transpose(2, 0, 1))


def _photo(record: Any) -> Any:
    return _tensor(record["photo"])


def _ours(files: list[Path], steps: list[Any], decode: str) -> Any:
    import augury
    import augury.torch

    pipe = augury.pipeline(steps, {"photo": {"kind": "image", "decode": decode}})
    return _loader(augury.torch.Dataset(_Files(files), pipe, seed=7, output=_photo))


class _Plain:
    """Albumentations' usual Dataset."""

    def __init__(self, files: list[Path], transforms: Any) -> None:
        self.files = files
        self.transforms = transforms

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Any:
        import cv2

        data = np.frombuffer(self.files[index].read_bytes(), np.uint8)
        return _tensor(self.transforms(image=cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))["image"])


def _theirs(files: list[Path], transforms: list[Any]) -> Any:
    import albumentations as peer

    return _loader(_Plain(files, peer.Compose(transforms)))
