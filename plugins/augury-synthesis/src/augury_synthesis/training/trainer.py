"""The one training loop of all objectives.

It writes a checkpoint after every validation and goes on from the newest, so that Ctrl-C and a killed process lose the
steps since. No decision in it reads a clock: steps, patience and validations are counted. Its only randomness is keyed
by step, so a checkpoint needs no random state, and a fit that was killed ends in the same model as one that was not.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from augury.errors import DataError, describe, shown
from augury.synthesis import Budget
from augury_synthesis.layout import Layout
from augury_synthesis.noise import Noise
from augury_synthesis.training import checkpoint as checkpoints
from augury_synthesis.training.rows import Rows

if TYPE_CHECKING:
    from augury_synthesis.objectives.base import Objective

Observe = Callable[[Mapping[str, Any]], None]

WARM_UP = 50
"""Steps in which the learning rate rises."""


class CollapseWarning(UserWarning):
    """A trained model uses less of its rows than it could."""


class Plan(NamedTuple):
    """The length of a fit, in steps.

    Args:
        steps: The most.
        every: Between validations.
        patience: Validations without improvement that end it.
    """

    steps: int
    every: int
    patience: int


def plan(objective: Objective, layout: Layout, rows: Rows, budget: Budget) -> Plan:
    """Return how long an objective trains on some rows."""
    per_epoch = max(1, len(rows.training) // objective.rows_a_step(layout))
    steps = budget.steps or max(objective.least_steps, objective.epochs * per_epoch)
    patience = budget.patience or objective.patience
    return Plan(steps, max(1, min(max(per_epoch, 50), steps // 10)), patience)


class Trainer:
    """One fit.

    Args:
        objective: What is minimised.
        networks: What is trained, on its device.
        rows: What it is trained on.
        seed: Of the fit.
        budget: Steps and patience.
        fit: What names the fit, kept with checkpoints.
        folder: Of checkpoints, or None.
        observe: Told ``step``, ``steps``, losses, ``seconds_left`` and warnings.
    """

    def __init__(
        self,
        objective: Objective,
        networks: Any,
        rows: Rows,
        *,
        seed: int,
        budget: Budget,
        fit: Mapping[str, Any],
        folder: Path | None = None,
        observe: Observe | None = None,
    ) -> None:
        """Make optimizers and averages, or take them from the newest checkpoint."""
        self.objective, self.networks, self.rows, self.seed = objective, networks, rows, seed
        self.plan = plan(objective, networks.layout, rows, budget)
        self._fit, self._folder, self._observe = dict(fit), folder, observe
        self.device = next(networks.parameters()).device
        self._parameters = dict(networks.named_parameters())
        self._average = {k: p.detach().clone() for k, p in self._parameters.items()}
        self._best = {k: p.clone() for k, p in self._average.items()}
        self._optimizers = {
            turn: torch.optim.AdamW(
                objective.parameters(networks, turn),
                lr=objective.learning_rate,
                betas=objective.betas,
                weight_decay=objective.weight_decay,
                fused=True,
            )
            for turn in dict.fromkeys(objective.turns())
        }
        self.step, self._score, self._waited, self._warning = 0, math.inf, 0, ""
        self._start()

    def run(self) -> None:
        """Train, and leave the best averaged parameters in the networks.

        Raises:
            DataError: when a loss is not finite, or the model collapsed to one that is of no use.
        """
        started, first = time.monotonic(), self.step
        bad = torch.zeros((), device=self.device)
        while self.step < self.plan.steps and self._waited < self.plan.patience:
            losses = self._advance()
            bad += sum(~torch.isfinite(v) for v in losses.values())
            self.step += 1
            if self.step % self.plan.every and self.step != self.plan.steps:
                continue
            if bad:
                self._explain(losses)
            self._validate()
            pace = (time.monotonic() - started) / (self.step - first)
            self._report(losses, pace * (self.plan.steps - self.step))
            self._keep()
        self._load(self._best)
        if self._warning and self.objective.collapse_fails:
            fix = "train longer, lower learning_rate, or use another model"
            raise DataError(describe(self._name, "a model that spreads like its rows", shown(self._warning), fix=fix))
        if self._warning:
            warnings.warn(f"{self._name}: {self._warning}", CollapseWarning, stacklevel=2)

    @property
    def _name(self) -> str:
        return self.objective.entry_id or type(self.objective).__name__

    def _advance(self) -> dict[str, Tensor]:
        """Take one step of every turn."""
        rate = self._rate()
        losses: dict[str, Tensor] = {}
        turns = self.objective.turns()
        for place, turn in enumerate(turns):
            optimizer = self._optimizers[turn]
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            noise = Noise(self.device, self.seed, "step", self.step, place)
            number = self.step * len(turns) + place
            loss = self.objective.step(self.networks, turn, self.rows, number, noise)
            loss.backward()
            nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], self.objective.clip, foreach=True)
            optimizer.step()
            losses[turn] = loss.detach()
        with torch.no_grad():
            decay = min(self.objective.average, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(
                list(self._average.values()), [p.detach() for p in self._parameters.values()], 1 - decay
            )
        return losses

    def _rate(self) -> float:
        """Return the learning rate: a short rise, then half a cosine to nearly nothing."""
        rise = min(1.0, (self.step + 1) / WARM_UP)
        fall = 0.5 * (1 + math.cos(math.pi * self.step / self.plan.steps)) if self.objective.decay else 1.0
        return self.objective.learning_rate * rise * max(fall, 0.01)

    def _validate(self) -> None:
        """Score the averaged parameters on the rows kept back; keep them when they are the best so far."""
        raw = {k: p.detach().clone() for k, p in self._parameters.items()}
        self._load(self._average)
        with torch.no_grad():
            noise = Noise(self.device, self.seed, "validate")
            score = float(self.objective.validate(self.networks, self.rows, noise))
            warning = self.objective.collapse(self.networks, self.rows, noise.branch("collapse"))
        if score < self._score:
            self._score, self._waited = score, 0
            self._best = {k: p.clone() for k, p in self._average.items()}
            self._warning = warning
        else:
            self._waited += 1
        self._load(raw)

    def _load(self, tensors: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(tensors[name])

    def _explain(self, losses: Mapping[str, Tensor]) -> None:
        found = ", ".join(f"{k} {float(v):g}" for k, v in losses.items())
        fix = f"lower learning_rate (now {self.objective.learning_rate:g}), or clip (now {self.objective.clip:g})"
        where = f"{self._name}, step {self.step}"
        raise DataError(describe(where, "finite losses", shown(f"{found}: training diverged"), fix=fix))

    def _report(self, losses: Mapping[str, Tensor], left: float) -> None:
        if self._observe is None:
            return
        told: dict[str, Any] = {k: float(v) for k, v in losses.items()}
        told |= {"step": self.step, "steps": self.plan.steps, "best": self._score, "seconds_left": left}
        self._observe(told | ({"warning": self._warning} if self._warning else {}))

    def _keep(self) -> None:
        """Write a checkpoint, where there is a folder."""
        if self._folder is None:
            return
        tensors = {f"parameter/{k}": v for k, v in self._parameters.items()}
        tensors |= {f"average/{k}": v for k, v in self._average.items()}
        tensors |= {f"best/{k}": v for k, v in self._best.items()}
        for turn, optimizer in self._optimizers.items():
            tensors |= checkpoints.optimizer_tensors(turn, optimizer)
        score = self._score if math.isfinite(self._score) else None
        head = {"fit": self._fit, "score": score, "waited": self._waited, "warning": self._warning}
        checkpoints.save(self._folder, self.step, head, tensors)

    def _start(self) -> None:
        """Take up the newest checkpoint, where there is one."""
        kept = checkpoints.load(self._folder, self._fit) if self._folder else None
        if kept is None:
            return
        head, tensors = kept
        self.step, self._waited, self._warning = head["step"], head["waited"], head["warning"]
        self._score = math.inf if head["score"] is None else head["score"]
        self._average = self._kept("average", tensors)
        self._best = self._kept("best", tensors)
        self._load(self._kept("parameter", tensors))
        for turn, optimizer in self._optimizers.items():
            checkpoints.restore_optimizer(turn, optimizer, tensors)

    def _kept(self, group: str, tensors: Mapping[str, Any]) -> dict[str, Tensor]:
        return {k: torch.from_numpy(tensors[f"{group}/{k}"].copy()).to(self.device) for k in self._parameters}
