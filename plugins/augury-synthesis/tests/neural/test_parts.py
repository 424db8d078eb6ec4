"""Heads and backbones, our own and those of other distributions, in the registries and under the kit's checks."""

import subprocess
import sys
import textwrap

import pytest
import torch

from augury.errors import ParamError, PluginBroken
from augury.synthesis import Block
from augury_synthesis.backbones import Flat, Steps, backbones
from augury_synthesis.heads import Binary, Codes, Head, Real, Tokens, heads
from augury_synthesis.noise import Noise
from augury_synthesis.testing import check_backbone, check_head

RNG = torch.Generator().manual_seed(0)
CODES = torch.randint(5, (64, 2), generator=RNG)
REAL = torch.randn(64, 2, generator=RNG)
HEADS = [
    (Codes, Block("c", "category", (2,), size=5), CODES),
    (Codes, Block("c", "category", (2,), size=5, ordinal=True), CODES),
    (Codes, Block("c", "category", (2,), size=4, masked=True), CODES),
    (Tokens, Block("c", "token", (2,), size=5), CODES),
    (Binary, Block("c", "binary", (2,)), CODES % 2),
    (Binary, Block("c", "binary", (2,), masked=True), CODES % 3),
    (Real, Block("c", "real", (2,)), REAL),
    (Real, Block("c", "real", (2,), masked=True), REAL.masked_fill(REAL > 1, torch.nan)),
]


@pytest.mark.parametrize(("cls", "block", "value"), HEADS, ids=lambda v: getattr(v, "__name__", None))
def test_heads_keep_their_contract(cls, block, value):
    """Every head, plain, ordinal and masked."""
    check_head(cls, block, value)


@pytest.mark.parametrize(("cls", "block", "value"), HEADS, ids=lambda v: getattr(v, "__name__", None))
def test_made_values_have_the_form_of_real_ones(cls, block, value):
    """One-hot, there or not: nothing in the form of made values tells a critic that they are made."""
    if not cls.can("activate"):
        pytest.skip("the kind takes no part in the game")
    head = cls(block)
    out = head.spread(torch.randn(*value.shape, head.outputs, generator=RNG))
    soft = head.activate(out, Noise(torch.device("cpu"), "form"))
    torch.testing.assert_close(soft, head.soften(head.harden(soft)), atol=1e-5, rtol=0)


def test_backbones_keep_their_contract():
    """Both backbones in all their roles."""
    check_backbone(Flat, (HEADS[2][1], HEADS[7][1]), [CODES, HEADS[7][2]])
    steps = (Block("s", "category", size=3), Block("w", "token", (4,), "t", size=5, masked=True))
    check_backbone(Steps, steps, [CODES[:, :1] % 3, torch.randint(6, (64, 4, 1), generator=RNG)])


def test_the_kit_finds_a_wrong_head():
    """A head whose draw forgets the noise's key, and one that reads otherwise than it writes, are named."""

    class Careless(Codes):
        """Draws from nowhere."""

        def draw(self, out, noise):
            """Draw from the global generator."""
            return torch.distributions.Categorical(logits=out).sample()

    class Shifted(Real):
        """Reads one more."""

        def read(self, batch):
            """Add one."""
            return super().read(batch) + 1

    with pytest.raises(AssertionError, match="draw: other values from the same noise"):
        check_head(Careless, HEADS[0][1], CODES)
    with pytest.raises(AssertionError, match="read: it does not give what write was given"):
        check_head(Shifted, HEADS[6][1], REAL)


def test_names_are_unique_and_known():
    """A name belongs to one class, and an unknown name is answered with the nearest."""
    assert heads.get("real") is Real
    assert backbones.get("t") is Steps
    assert backbones.get("chw") is None

    class Other(Head):
        """Another head."""

        kind = "real"

    with pytest.raises(PluginBroken, match="head 'mixture': expected one class"):
        heads.register("mixture")(Other)
    with pytest.raises(ParamError, match="Did you mean flat"):
        backbones.get("", ("flatt",))


PARTS = """
from torch import nn
from augury_synthesis.backbones import Flat, backbones
from augury_synthesis.heads import Real, heads

@heads.register("ember.number")
class Number(Real):
    pass

@backbones.register("ember.flat")
class Ember(Flat):
    def decode(self, layout, inputs):
        net = super().decode(layout, inputs)
        net.ember = nn.Linear(2, 2)
        return net
"""
USE = """
import sys
from pathlib import Path
import numpy as np
from augury import registry
from augury.synthesis import Block, Budget, TensorSpec

spec = TensorSpec((Block("x", "real"),))
train = {"x": np.linspace(-1, 1, 50, dtype=np.float32)}
cls = registry().load("synthesizers", "synth.vae")
folder = Path(sys.argv[1])
if not folder.exists():
    made = cls(width=8, latent=2, backbones=("ember.flat",), heads=("ember.number",))
    model = made.fit(train, spec, seed=0, budget=Budget(steps=4))
    model.save(folder)
else:
    model = cls.load(folder)
names = [n for n, _ in model._networks.named_parameters()]
kinds = {type(h).__name__ for h in model._networks.layout.heads}
print("decode.ember.weight" in names, kinds, model.sample_chunk(0, 3)["x"].tolist())
"""


def test_parts_of_another_distribution(tmp_path):
    """A head and a backbone that an installed distribution names are found, trained, saved and loaded again."""
    (tmp_path / "ember_parts.py").write_text(textwrap.dedent(PARTS))
    info = tmp_path / "ember-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ember\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[augury_synthesis.parts]\nember = ember_parts\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{USE}"
    seen = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "model")],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for _ in range(2)
    ]
    assert seen[0].startswith("True {'Number'} [")
    assert seen[0] == seen[1]
