"""Training on augmented records: datasets for torch's DataLoader, and a transform for Hugging Face ``datasets``.

The only package of the core that imports torch, and only when a dataset class is first used.
"""

from __future__ import annotations

from augury import lazy

TYPE_CHECKING = False

if TYPE_CHECKING:
    from augury.torch.finished import FinishedRecords as FinishedRecords
    from augury.torch.huggingface import BatchTransform as BatchTransform
    from augury.torch.loading import Dataset as Dataset
    from augury.torch.loading import IterableDataset as IterableDataset

_LAZY = {
    "BatchTransform": "augury.torch.huggingface",
    "Dataset": "augury.torch.loading",
    "FinishedRecords": "augury.torch.finished",
    "IterableDataset": "augury.torch.loading",
}

__all__ = ["BatchTransform", "Dataset", "FinishedRecords", "IterableDataset"]

__getattr__ = lazy.names(__name__, _LAZY)
