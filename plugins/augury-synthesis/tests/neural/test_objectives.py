"""Losses against closed forms, the adversarial game, and what is learned."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal, kl_divergence

from augury.rng import generator
from augury.synthesis import Block, Budget, TensorSpec
from augury_synthesis.backbones.flat import Critic
from augury_synthesis.heads import Codes, Real
from augury_synthesis.layout import Layout
from augury_synthesis.noise import Noise
from augury_synthesis.objectives.gan import Gan, gradient_penalty
from augury_synthesis.objectives.moments import Moments
from augury_synthesis.objectives.vae import divergence
from augury_synthesis.training.rows import Rows

from .conftest import batches, sets, synthesizer, table

CPU = torch.device("cpu")


def test_divergence_is_that_of_gaussians():
    """The closed form agrees with torch's own."""
    mean, log_variance = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0))
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(divergence(mean, log_variance), expected)


def test_numbers_have_the_likelihood_of_a_mixture():
    """A number's density is that of torch's mixture of Gaussians; absence costs its own surprise."""
    rng = torch.Generator().manual_seed(1)
    head = Real(Block("x", "real", masked=True))
    out, value = torch.randn(40, 1, head.outputs, generator=rng), torch.randn(40, 1, generator=rng)
    logits, means, spreads = out[..., :15].split(5, -1)
    mixture = MixtureSameFamily(Categorical(logits=logits), Normal(means, torch.nn.functional.softplus(spreads) + 1e-2))
    there = torch.sigmoid(out[..., -1])
    torch.testing.assert_close(head.nll(out, value), -mixture.log_prob(value) - there.log())
    torch.testing.assert_close(head.nll(out, value * math.nan), -torch.log1p(-there))


def test_codes_are_drawn_by_their_probability():
    """Frequencies of a million drawn codes agree with the softmax."""
    logits = torch.tensor([0.0, 2.0, -1.0, 1.0])
    drawn = Codes(Block("c", "category", size=4)).draw(logits.expand(1_000_000, 1, 4), Noise(CPU, "draw"))
    found = torch.bincount(drawn[:, 0], minlength=4) / len(drawn)
    torch.testing.assert_close(found, torch.softmax(logits, 0), atol=2e-3, rtol=0)


def rows_of(spec, train):
    """Return training rows."""
    return Rows(train, spec, seed=0, validate_share=0.1, device=CPU)


def game(loss, **parameters):
    """Return a gan, its networks and its rows."""
    spec, train = table()
    gan = synthesizer("synth.gan", loss=loss, **parameters)
    torch.manual_seed(0)
    return gan, gan.assemble(spec), rows_of(spec, train)


def test_codes_in_order_have_a_curve_beside_their_own_logits():
    """Numbers of the curve move near codes alike and the absent one not at all; codes in no order have none."""
    head = Codes(Block("c", "category", size=50, ordinal=True, masked=True))
    raw = torch.zeros(1, 1, head.outputs)
    raw[..., head.codes :] = torch.randn(head.outputs - head.codes, generator=torch.Generator().manual_seed(0))
    rank = np.linspace(0, 1, 50)
    curve = sum(c * np.cos(np.pi * k * rank) for k, c in enumerate(raw[0, 0, head.codes :].tolist(), 1))
    logits = head.spread(raw)[0, 0].numpy()
    np.testing.assert_allclose(logits, [*curve, 0.0], atol=1e-4)
    raw[..., 7] = 3.0
    assert head.spread(raw)[0, 0, 7] == pytest.approx(float(logits[7]) + 3.0, abs=1e-4)
    plain = Codes(Block("c", "category", size=50))
    assert plain.outputs == plain.codes == 50


def test_the_first_form_of_the_game():
    """The critic ascends E[log D(x)] + E[log(1 - D(G(z)))], the generator E[log D(G(z))]."""
    gan, networks, rows = game("adversarial", shown_weight=0.0, moments_weight=0.0)
    noise = Noise(CPU, "step")
    scores = []
    networks.critic.register_forward_hook(lambda module, given, out: scores.append(out.detach().double()))
    lost = gan.step(networks, "critic", rows, 0, noise)
    real, made = torch.sigmoid(scores[0]), torch.sigmoid(scores[1])
    ascended = real.log().mean() + (1 - made).log().mean()
    torch.testing.assert_close(lost.double(), -ascended, rtol=1e-5, atol=1e-6)
    lost = gan.step(networks, "generator", rows, 1, noise)
    torch.testing.assert_close(lost.double(), -torch.sigmoid(scores[2]).log().mean(), rtol=1e-5, atol=1e-6)


def test_a_turn_trains_its_own_network():
    """The critic's loss gives the generator no gradient; each turn has parameters of its own."""
    gan, networks, rows = game("wgan_gp")
    gan.step(networks, "critic", rows, 0, Noise(CPU, "step")).backward()
    assert all(p.grad is None for p in networks.generator.parameters())
    mine, yours = (set(map(id, gan.parameters(networks, turn))) for turn in ("critic", "generator"))
    assert not mine & yours


def test_gradient_penalty_of_a_linear_critic():
    """A linear critic has its weights as gradient everywhere: the penalty is (their length - 1) squared."""
    critic = Critic(3, width=4, depth=1, dropout=0.0, pack=2)
    weights = torch.tensor([3.0, 0.0, 4.0, 0.0, 0.0, 12.0])

    def linear(soft, shown, noise):
        return soft.reshape(-1, 6) @ weights

    real, made, shown = torch.zeros(8, 3), torch.ones(8, 3), torch.zeros(8, 0)
    penalty = gradient_penalty(linear, real, made, shown, Noise(CPU, "share"), pack=2)
    torch.testing.assert_close(penalty, torch.tensor(144.0))
    assert critic(real, shown, None).shape == (4,)


def test_gradient_penalty_by_hand():
    """Of a quadratic critic the gradient is the point: penalty and its own gradient by finite differences."""
    rng = torch.Generator().manual_seed(3)
    real, made = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    scale = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def penalty(factor):
        def critic(soft, shown, noise):
            return 0.5 * factor * soft.square().sum(1)

        return gradient_penalty(critic, real, made, torch.zeros(6, 0), Noise(CPU, "share"), pack=1)

    share = Noise(CPU, "share").uniform(6, 1).double()
    lengths = (real + share * (made - real)).norm(dim=1)
    torch.testing.assert_close(penalty(scale), (0.7 * lengths - 1).square().mean(), rtol=1e-6, atol=1e-9)
    (slope,) = torch.autograd.grad(penalty(scale), scale)
    step = 1e-5
    by_hand = (penalty(scale.detach() + step) - penalty(scale.detach() - step)) / (2 * step)
    torch.testing.assert_close(slope, by_hand, rtol=1e-5, atol=1e-7)


def test_rare_codes_are_shown_more_often():
    """At evenness 1 all codes of a column are shown alike, at 0 as often as they occur; rows have what they stand for."""
    spec, train = table(rows=2000)
    for evenness, expected in ((1.0, 0.5), (0.0, float(train["label"].mean()))):
        gan = synthesizer("synth.gan", rarity=evenness)
        networks, rows = gan.assemble(spec), rows_of(spec, train)
        index, column, code = gan._picker(networks, rows).pick(6000, generator(1))
        assert networks.rarity.names == ["label"]
        assert not column.any()
        np.testing.assert_array_equal(train["label"][index], code)
        assert abs(code.mean() - expected) < 0.03


def test_rows_are_picked_by_their_chance():
    """How often a row is picked is what the moments weight it by."""
    spec, train = table(rows=60)
    gan = synthesizer("synth.gan", rarity=0.7, validate_share=0.0)
    networks, rows = gan.assemble(spec), rows_of(spec, train)
    picker = gan._picker(networks, rows)
    index, _, _ = picker.pick(200_000, generator(1))
    place = np.argsort(rows.training)[np.searchsorted(np.sort(rows.training), index)]
    found = np.bincount(place, minlength=len(rows.training)) / 200_000
    assert abs(picker.chance.sum() - 1) < 1e-9
    assert np.abs(found - picker.chance).max() < 5 * np.sqrt(picker.chance.max() / 200_000)


def moments_of(spec, train, rarity=0.0):
    """Return moments, all training rows in their soft form, what is felt of them, and a picker."""
    gan, layout = synthesizer("synth.gan", rarity=rarity), Layout(spec.blocks)
    networks, rows = gan.assemble(spec), rows_of(spec, train)
    picker = gan._picker(networks, rows)
    real = layout.soften(layout.read(rows.take(rows.training)))
    return Moments(layout, rows, picker, Noise(CPU, "mix")), real, layout.feel(real), picker


def test_moments_are_those_of_numpy():
    """0 for the rows themselves; for rows of which one column stands elsewhere, the squared difference by hand."""
    spec, train = correlated(400)
    moments, real, felt, _ = moments_of(spec, train)
    shown = torch.cat([torch.cat([real[:, :4], 0 * real[:, 4:]], 1), torch.cat([0 * real[:, :4], real[:, 4:]], 1)])
    assert abs(float(moments.apart(torch.cat([real] * 4), torch.cat([shown] * 2)))) < 1e-6
    moved = torch.cat([real[:, :4], real[torch.arange(len(real)) - 1, 4:]], 1)
    scale = np.maximum(felt.numpy().std(0), 0.1)
    apart = np.cov(felt.numpy().T / scale[:, None], bias=True) - np.cov(moved.numpy().T / scale[:, None], bias=True)
    half = shown.numpy().mean(0)
    spread = np.maximum(np.sqrt(half * (1 - half)), 0.1)
    under = (shown.numpy() - half).T @ np.tile((real - moved).numpy(), (2, 1)) / len(shown)
    expected = ((apart**2).sum() + ((under / spread[:, None] / scale) ** 2).sum()) / felt.shape[1]
    found = float(moments.apart(torch.cat([moved] * 4), torch.cat([shown] * 2)))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("most", [1024, 5])
def test_moments_are_unbiased(most, monkeypatch):
    """Over small batches picked as in training the loss is 0 in the mean, with all numbers and with mixed ones."""
    monkeypatch.setattr("augury_synthesis.objectives.moments.MOST_NUMBERS", most)
    spec, train = correlated(400)
    moments, real, _, picker = moments_of(spec, train, rarity=0.5)
    rng, found = generator(3), []
    where = {row: place for place, row in enumerate(picker._rows.training.tolist())}
    for _ in range(2000):
        index, column, code = picker.pick(16, rng)
        soft = real[[where[i] for i in index.tolist()]]
        found.append(float(moments.apart(soft, picker._rarity.vector(column, code, CPU))))
    assert abs(np.mean(found)) < 4 * np.std(found) / len(found) ** 0.5
    assert float(moments.apart(torch.cat([real[:1]] * 4), torch.zeros(4, 8))) > 0.5


def correlated(rows=2000):
    """Return two columns, the second the first's in nine rows of ten, and a rare code."""
    rng = generator(9)
    a = rng.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05]).astype(np.int32)
    b = np.where(rng.random(rows) < 0.9, a, rng.integers(0, 4, rows)).astype(np.int32)
    spec = TensorSpec((Block("a", "category", size=4), Block("b", "category", size=4)))
    return spec, {"a": a, "b": b}


LEARNING = [
    ("synth.vae", {"learning_rate": 3e-3, "latent": 4}, 200, 0.08),
    ("synth.gan", {"learning_rate": 2e-3, "latent": 16, "width": 64}, 250, 0.12),
    ("synth.gan", {"learning_rate": 2e-3, "latent": 16, "width": 64, "loss": "adversarial"}, 250, 0.12),
]


@pytest.mark.parametrize(("name", "parameters", "steps", "most"), LEARNING)
def test_columns_that_go_together_are_learned(name, parameters, steps, most):
    """The joint distribution of two columns is learned, rare code included."""
    spec, train = correlated()
    made = synthesizer(name, **{"batch_rows": 256, "average": 0.97, **parameters})
    sample = batches(made.fit(train, spec, seed=3, budget=Budget(steps=steps, patience=steps)), 4096)
    joints = [np.bincount(b["a"] * 4 + b["b"], minlength=16) / len(b["a"]) for b in (train, sample)]
    assert 0.5 * np.abs(joints[0] - joints[1]).sum() < most
    assert 0.02 < (sample["a"] == 3).mean() < 0.1


def test_tastes_are_learned_from_sets():
    """Users made from sets of items like what real ones like, and as many."""
    spec, train = sets(2000)
    made = synthesizer("synth.vae", learning_rate=1e-2, latent=8, batch_rows=256, average=0.97)
    sample = batches(made.fit(train, spec, seed=3, budget=Budget(steps=250, patience=250)), 4096)
    for a, b in zip(train["items"].mean(0), sample["items"].mean(0), strict=True):
        assert abs(a - b) < 0.05
    counts = [
        np.cumsum(np.bincount(b["items"].sum(1).astype(int), minlength=11) / len(b["items"])) for b in (train, sample)
    ]
    assert np.abs(counts[0] - counts[1]).max() < 0.08
    mixed = [((b["items"][:, :5].sum(1) > 1) & (b["items"][:, 5:].sum(1) > 1)).mean() for b in (train, sample)]
    assert mixed[1] < mixed[0] + 0.05


def test_both_losses_are_gans():
    """The loss is a parameter, and a wrong one names the right ones."""
    from augury.errors import ParamError

    with pytest.raises(ParamError, match="wgan_gp"):
        Gan(loss="wasserstein")
