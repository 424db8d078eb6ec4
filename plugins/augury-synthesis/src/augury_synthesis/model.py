"""A trained network with all that sampling needs: what an objective's fit returns, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import torch
from torch import nn

from augury.errors import DataError, PluginError, describe, shown
from augury.synthesis import CHUNK, Batch, Block, Condition, Model, TensorSpec
from augury_synthesis import storage
from augury_synthesis.conditions import want
from augury_synthesis.noise import Noise, isolated, key, resolve_device

if TYPE_CHECKING:
    from augury_synthesis.objectives.base import Objective


class NeuralModel(Model):
    """An objective, its spec and trained networks.

    Args:
        objective: Its parameters, and how it samples.
        spec: The tensors of a row.
        networks: On their device; not trained further.
        extra: What the objective learned after training.
        seed: Of the fit, and so of the samples.
        threads: Of the fit; sampling uses as many.
    """

    def __init__(
        self,
        objective: Objective,
        spec: TensorSpec,
        networks: nn.Module,
        extra: Mapping[str, np.ndarray],
        *,
        seed: int,
        threads: int,
    ) -> None:
        """Hold them."""
        self.objective, self.spec, self.seed, self.threads = objective, spec, seed, threads
        self._networks = networks.requires_grad_(False)
        self._device = next(networks.parameters()).device
        self._extra = {k: torch.as_tensor(v).to(self._device) for k, v in extra.items()}

    def sample_chunk(self, index: int, rows: int, condition: Condition | None = None) -> Batch:
        """See `Model.sample_chunk`."""
        if not 0 <= rows <= CHUNK or index < 0:
            raise DataError(
                describe("sample", f"0 to {CHUNK} rows of a chunk from 0", (index, rows), fix="ask for less")
            )
        layout: Any = self._networks.layout
        with isolated(key(self.seed, "sample"), self.threads), torch.no_grad():
            wanted = want(condition, self.spec, layout, rows, self._device)
            if rows == 0:
                return layout.write([v[:0] for v in layout.blank(self._device)])
            noise = Noise(self._device, self.seed, "sample", index)
            values = self.objective.sample(self._networks, self._extra, wanted, rows, noise)
            return layout.write([v[:rows] for v in values])

    def save(self, folder: Path) -> None:
        """See `Model.save`.

        Raises:
            PluginError: when the objective's class is not registered, and so could not be found when loading.
        """
        meta = {
            "parameters": self.objective.to_dict(),
            "blocks": [{**b._asdict(), "shape": list(b.shape)} for b in self.spec.blocks],
            "condition": list(self.spec.condition),
            "seed": self.seed,
            "threads": self.threads,
            "versions": versions(),
        }
        arrays = {f"parameter/{k}": p.detach().cpu().numpy() for k, p in self._networks.named_parameters()}
        arrays |= {f"extra/{k}": v.cpu().numpy() for k, v in self._extra.items()}
        storage.save(Path(folder), registered_id(type(self.objective)), meta, arrays)


def load(cls: type[Objective], folder: Path) -> NeuralModel:
    """Return the model of an objective's class that `NeuralModel.save` wrote; one of CUDA is on the CPU without it.

    Raises:
        DataError: when the folder holds none, or a damaged one.
    """
    meta, arrays = storage.load(folder, registered_id(cls))
    try:
        objective = cls.build(meta["parameters"])
        blocks = tuple(Block(**{**b, "shape": tuple(b["shape"])}) for b in meta["blocks"])
        spec = TensorSpec(blocks, tuple(meta["condition"]))
        with isolated(0, meta["threads"]), torch.no_grad():
            networks = objective.assemble(spec)
            for name, parameter in networks.named_parameters():
                parameter.copy_(torch.from_numpy(arrays[f"parameter/{name}"]))
        networks.to(resolve_device("cpu" if objective.device == "cpu" else "auto"))
        extra = {k.removeprefix("extra/"): v for k, v in arrays.items() if k.startswith("extra/")}
        return NeuralModel(objective, spec, networks, extra, seed=meta["seed"], threads=meta["threads"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        got = shown(f"{type(error).__name__}: {error}")
        raise DataError(
            describe(str(folder), "an undamaged model", got, fix="copy it again, or fit it again")
        ) from error


def versions() -> dict[str, str]:
    """Return the versions that a model's numbers depend on."""
    return {"torch": torch.__version__, "numpy": np.__version__, "safetensors": safetensors.__version__}


def registered_id(cls: type) -> str:
    """Return the id that a synthesizer's class is registered under.

    Raises:
        PluginError: when it is not.
    """
    from augury import registry

    target = f"{cls.__module__}:{cls.__qualname__}"
    for entry in registry().entries("synthesizers"):
        if entry.spec.target == target:
            return entry.id
    fix = "add it to a plugin: Plugin(synthesizers=[Spec(id, target, summary)])"
    raise PluginError(describe(f"saving {target}", "a registered synthesizer", shown("none of that class"), fix=fix))
