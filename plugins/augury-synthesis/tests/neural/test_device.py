"""The CUDA path without CUDA: shapes and devices of every step, worked out by torch's fake tensors on a fake device."""

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from augury.errors import ParamError
from augury.synthesis import Budget
from augury_synthesis.model import NeuralModel
from augury_synthesis.noise import Noise
from augury_synthesis.training.rows import Rows

from .conftest import DATA, SUPPORTED, synthesizer, table

CUDA = torch.device("cuda:0")


def unseeded(self, device, *parts):
    """Make noise without a generator: one of CUDA needs its driver."""
    self.device, self.parts, self._generator = device, parts, None


def moved(networks):
    """Put fake parameters and buffers of the same shapes on CUDA, inside the fake mode."""
    for module in networks.modules():
        for name, value in module._parameters.items():
            if value is not None:
                module._parameters[name] = torch.nn.Parameter(torch.empty(value.shape, device=CUDA))
        for name, value in module._buffers.items():
            module._buffers[name] = torch.empty(value.shape, dtype=value.dtype, device=CUDA)
        if isinstance(module, torch.nn.GRU):
            module._flat_weights = [getattr(module, name) for name in module._flat_weights_names]
    return networks


@pytest.mark.parametrize(("name", "data"), SUPPORTED)
def test_a_step_stays_on_its_device(name, data, monkeypatch):
    """Every loss is made on CUDA of tensors on CUDA, and nothing is read back on the way, but of sequences their length.

    A fake tensor refuses to mix devices and to tell its value. The penalty of WGAN-GP needs a real backward pass.
    """
    spec, train = DATA[data]()
    made = synthesizer(name, dropout=0.1, **({"loss": "adversarial"} if name == "synth.gan" else {}))
    networks = made.assemble(spec)
    rows = Rows(train, spec, seed=0, validate_share=0.1, device=CUDA)
    monkeypatch.setattr(Noise, "__init__", unseeded)
    pinned = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: pinned.append(self) or self)
    with FakeTensorMode(allow_non_fake_inputs=True):
        for turn in dict.fromkeys(made.turns()):
            try:
                loss = made.step(moved(networks), turn, rows, 0, Noise(CUDA))
            except DataDependentOutputException:
                assert data == "sequences"
            else:
                assert loss.device == CUDA and not loss.shape
    assert pinned


def test_cuda_is_asked_for_where_there_is_none(monkeypatch, tmp_path):
    """A fit says so; a saved model that asks for it is sampled on the CPU, to the same rows as there."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spec, train = table()
    with pytest.raises(ParamError, match=r"device: expected cuda where there is one.*Fix: use auto or cpu"):
        synthesizer("synth.vae", device="cuda").fit(train, spec, seed=0, budget=Budget(steps=2))
    model = synthesizer("synth.vae", device="cpu").fit(train, spec, seed=0, budget=Budget(steps=2))
    asking = synthesizer("synth.vae", device="cuda")
    NeuralModel(asking, spec, model._networks, {k: v.numpy() for k, v in model._extra.items()}, seed=0, threads=1).save(
        tmp_path / "m"
    )
    loaded = type(asking).load(tmp_path / "m")
    for name, values in model.sample_chunk(0, 50).items():
        np.testing.assert_array_equal(loaded.sample_chunk(0, 50)[name], values)
