"""The base of synthesizers made of networks: an objective, a backbone and one head for each kind of block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from augury.errors import DataError, describe, shown
from augury.params import Fraction, Within
from augury.synthesis import Batch, Budget, Refusal, Synthesizer, TensorSpec
from augury_synthesis.backbones import Backbone, backbones
from augury_synthesis.conditions import Wanted
from augury_synthesis.heads import heads
from augury_synthesis.layout import Layout, Values, family
from augury_synthesis.model import NeuralModel, load, versions
from augury_synthesis.noise import Noise, isolated, key, resolve_device
from augury_synthesis.training.rows import Rows
from augury_synthesis.training.trainer import Trainer

MAX_OUTPUTS = 200_000
"""Numbers that a network gives for a row at most; more is a table of codes that no network should hold."""


class Objective(Synthesizer):
    """Base of neural synthesizers: `Synthesizer` by way of the one training loop.

    A subclass says which roles of a backbone and methods of a head it needs, makes its networks, and gives a loss.

    Class attributes:
        roles: Roles of the backbone that it needs.
        methods: Methods of a head that it needs.
        betas: Of the optimizer, AdamW.
        collapse_fails: Whether a collapsed model is an error, and not a warning.

    Args:
        width: Hidden units.
        depth: Residual blocks.
        dropout: Share of hidden numbers zeroed in training.
        batch_rows: Rows a step.
        learning_rate: The highest.
        weight_decay: Of the optimizer.
        clip: Greatest norm of a gradient.
        average: Share that the running mean of the parameters keeps a step; the mean is the model.
        decay: Whether the learning rate falls along half a cosine.
        epochs: Passes over the rows, where the budget names no steps.
        least_steps: Steps at least, where the budget names none.
        patience: Validations without improvement that end training, where the budget names none.
        validate_share: Share of the rows that only validates.
        backbones: Names of registered backbones to use instead of the default for their axes.
        heads: Names of registered heads to use instead of the default for their kinds.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda``. CUDA is seeded and not exact.
    """

    roles: ClassVar[tuple[str, ...]] = ()
    methods: ClassVar[tuple[str, ...]] = ()
    betas: ClassVar[tuple[float, float]] = (0.9, 0.999)
    collapse_fails: ClassVar[bool] = False

    width: Annotated[int, Within(4, 8192)] = 256
    depth: Annotated[int, Within(0, 64)] = 2
    dropout: Annotated[float, Within(0, 0.95)] = 0.0
    batch_rows: Annotated[int, Within(2, 1_000_000)] = 256
    learning_rate: Annotated[float, Within(1e-7, 100)] = 1e-3
    weight_decay: Annotated[float, Within(0, 10)] = 1e-4
    clip: Annotated[float, Within(1e-3, 1e6)] = 5.0
    average: Fraction = 0.998
    decay: bool = True
    epochs: Annotated[int, Within(1, 100_000)] = 30
    least_steps: Annotated[int, Within(1, 10_000_000)] = 300
    patience: Annotated[int, Within(1, 1_000_000)] = 4
    validate_share: Annotated[float, Within(0, 0.5)] = 0.1
    backbones: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def supports(self, spec: TensorSpec, rows: int) -> Refusal | None:
        """See `Synthesizer.supports`: a family of axes or a kind of block that it has no part for."""
        if not spec.blocks:
            return Refusal("it needs blocks, and the spec has none", "encode at least one column")
        axes = {b.axes for b in spec.blocks} - {""}
        if len(axes) > 1:
            return Refusal(f"one family of axes is taken at a time, and the spec has {sorted(axes)}", "part the fields")
        if rows < 2:
            return Refusal(f"it needs at least 2 rows, and there is {rows}", "give more rows")
        backbone = backbones.get(family(spec), self.backbones)
        for role in self.roles:
            if backbone is None or not backbone.can(role):
                return Refusal(f"no backbone for axes {family(spec)!r} can {role}", "use another model or codec")
        for block in spec.blocks:
            head = heads.get(block.kind, self.heads)
            for method in self.methods:
                if head is None or not head.can(method):
                    fix = "use the vae or autoregressive model" if method == "activate" else "use another codec"
                    return Refusal(f"blocks of kind {block.kind} ({block.name}) cannot {method}", fix)
            if block.kind in ("category", "token") and block.size < 1:
                return Refusal(f"{block.name} has no codes", "drop the column")
        if (size := Layout(spec.blocks, self.heads).outputs) > MAX_OUTPUTS:
            return Refusal(
                f"a row needs {size:,} outputs, {MAX_OUTPUTS:,} are allowed", "let the codec pool rare codes"
            )
        return None

    def fit(
        self,
        train: Batch,
        spec: TensorSpec,
        *,
        seed: int,
        budget: Budget = Budget(),  # noqa: B008
        target: str | None = None,
        checkpoint: Path | None = None,
        observe: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> NeuralModel:
        """See `Synthesizer.fit`."""
        count = len(next(iter(train.values()), ()))
        with isolated(key(seed, "networks"), budget.threads):
            if refusal := self.supports(spec, count):
                where = self.entry_id or type(self).__name__
                raise DataError(describe(where, "data it can learn", shown(refusal.reason), fix=refusal.fix))
            device = resolve_device(self.device)
            rows = Rows(train, spec, seed=seed, validate_share=self.validate_share, device=device)
            networks = self.assemble(spec).to(device)
            fit = {
                "synthesizer": type(self).__qualname__,
                "parameters": self.to_dict(),
                "spec": [list(map(_plain, b)) for b in spec.blocks],
                "seed": seed,
                "budget": list(budget),
                "data": rows.digest,
                "versions": versions(),
                "device": device.type,
            }
            trainer = Trainer(
                self, networks, rows, seed=seed, budget=budget, fit=fit, folder=checkpoint, observe=observe
            )
            trainer.run()
            with torch.no_grad():
                extra = self.finish(networks, rows, Noise(device, seed, "finish"))
            return NeuralModel(self, spec, networks, extra, seed=seed, threads=budget.threads)

    @classmethod
    def load(cls, folder: Path) -> NeuralModel:
        """See `Synthesizer.load`."""
        return load(cls, Path(folder))

    def assemble(self, spec: TensorSpec) -> nn.Module:
        """Return the networks of a spec, and their heads as ``layout``."""
        cls = backbones.get(family(spec), self.backbones)
        assert cls is not None
        layout = Layout(spec.blocks, self.heads)
        networks = self.networks(layout, cls(width=self.width, depth=self.depth, dropout=self.dropout))
        networks.layout = layout
        return networks

    def networks(self, layout: Layout, backbone: Backbone) -> nn.Module:
        """Return a module that holds the networks as attributes; `assemble` adds ``layout`` to it."""
        raise NotImplementedError

    def rows_a_step(self, layout: Layout) -> int:
        """Return how many rows a step takes of blocks."""
        return self.batch_rows

    def turns(self) -> tuple[str, ...]:
        """Return what is trained in turn within a step, a name once or more; each name has an optimizer of its own."""
        return ("loss",)

    def parameters(self, networks: Any, turn: str) -> list[nn.Parameter]:
        """Return what a turn trains."""
        return list(networks.parameters())

    def step(self, networks: Any, turn: str, rows: Rows, number: int, noise: Noise) -> Tensor:
        """Return the loss of a turn on batch ``number`` of the rows, to be minimised."""
        raise NotImplementedError

    def validate(self, networks: Any, rows: Rows, noise: Noise) -> Tensor | float:
        """Return how bad the networks are on ``rows.validation``; the noise is the same every time."""
        raise NotImplementedError

    def collapse(self, networks: Any, rows: Rows, noise: Noise) -> str:
        """Return in words how the networks have collapsed, or nothing."""
        return ""

    def finish(self, networks: Any, rows: Rows, noise: Noise) -> dict[str, np.ndarray]:
        """Return what sampling needs beside the networks, learned after training."""
        return {}

    def sample(self, networks: Any, extra: Mapping[str, Tensor], wanted: Wanted, rows: int, noise: Noise) -> Values:
        """Return a chunk of `CHUNK` rows that hold to ``wanted`` in the first ``rows``, pure in its arguments."""
        raise NotImplementedError


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
