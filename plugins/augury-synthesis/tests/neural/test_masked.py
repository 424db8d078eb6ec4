"""The masked network: what may see what, a likelihood that sums to one, and conditionals that are learned."""

import itertools

import numpy as np
import pytest
import torch

from augury.rng import generator
from augury.synthesis import Block, Budget, Condition, TensorSpec
from augury_synthesis.backbones import Flat
from augury_synthesis.backbones.steps import Steps, length_codes
from augury_synthesis.layout import Layout
from augury_synthesis.noise import Noise

from .conftest import batches, sequences, synthesizer

CPU = torch.device("cpu")
BLOCKS = (Block("a", "category", size=3), Block("b", "binary", shape=(2,)), Block("c", "category", size=4, masked=True))


def network(blocks=BLOCKS, width=24):
    """Return a masked network with weights that are nowhere zero."""
    torch.manual_seed(0)
    net = Flat(width=width, depth=2, dropout=0.0).masked(Layout(blocks))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.5)
    return net.requires_grad_(False)


def every_row(net):
    """Return all rows that can be, as values."""
    sizes = [head.codes for head in net.layout.heads for _ in range(head.elements)]
    grid = torch.tensor(list(itertools.product(*map(range, sizes))))
    return list(grid.split([head.elements for head in net.layout.heads], 1))


def none_given(net, rows):
    """Return that nothing is given."""
    return torch.zeros(rows, len(net.places), dtype=torch.bool)


def test_an_element_sees_only_those_before_it():
    """Changing an element changes the numbers of later elements alone."""
    net = network()
    values = every_row(net)
    row = [v[:1].clone() for v in values]
    before = net(row, none_given(net, 1), None)[0]
    for place, (block, element) in enumerate(net.places):
        changed = [v.clone() for v in row]
        changed[block][0, element] += 1
        moved = (net(changed, none_given(net, 1), None)[0] - before).abs() > 1e-7
        touched = {p for p, span in enumerate(net._outs) if moved[span].any()}
        assert touched == set(range(place + 1, len(net.places)))


def test_a_given_element_is_seen_by_all_others():
    """A given element changes the numbers of earlier elements too."""
    net = network()
    row = [v[:1].clone() for v in every_row(net)]
    given = none_given(net, 1)
    given[0, -1] = True
    before = net(row, given, None)[0]
    row[-1][0, 0] += 1
    moved = (net(row, given, None)[0] - before).abs() > 1e-7
    assert all(moved[span].any() for span in net._outs[:-1])


@pytest.mark.parametrize("fixed", [(), (0,), (3,), (1, 2)])
def test_likelihood_sums_to_one(fixed):
    """Over all rows that agree in the given elements, probabilities sum to 1: with none given and with some."""
    net = network()
    values = every_row(net)
    keep = torch.ones(len(values[0]), dtype=torch.bool)
    given = none_given(net, len(keep))
    for place in fixed:
        block, element = net.places[place]
        keep &= values[block][:, element] == 1
        given[:, place] = True
    total = torch.exp(-net.nll(values, given, None).double())[keep].sum()
    assert abs(float(total) - 1) < 1e-5


def test_drawing_unit_by_unit_is_the_whole_network():
    """The numbers that drawing computes step by step give the frequencies of the whole network's likelihood."""
    net = network()
    values = every_row(net)
    chance = torch.exp(-net.nll(values, none_given(net, len(values[0])), None))
    rows = 40_000
    blank = [torch.zeros(rows, head.elements, dtype=torch.long) for head in net.layout.heads]
    drawn, _ = net.draw(blank, none_given(net, rows), [None] * 3, Noise(CPU, "draw"))
    sizes = torch.tensor([3, 2, 2, 5])
    weights = torch.tensor([20, 10, 5, 1])
    assert int(weights[0] * sizes[0]) == len(chance)
    found = torch.bincount((torch.cat(drawn, 1) * weights).sum(1), minlength=len(chance)) / rows
    expected_noise = (chance * (1 - chance) / rows).sqrt().sum() / 2
    assert float((found - chance).abs().sum() / 2) < 1.5 * float(expected_noise)


def test_allowed_codes_and_their_chance():
    """A truncated draw keeps to the allowed codes, and its chance is what they had."""
    net = network((Block("a", "category", size=3), Block("b", "category", size=4)))
    rows = 512
    blank = [torch.zeros(rows, 1, dtype=torch.long) for _ in range(2)]
    codes = torch.tensor([True, False, True, False])
    drawn, chance = net.draw(blank, none_given(net, rows), [None, codes], Noise(CPU, "allowed"))
    assert set(drawn[1].flatten().tolist()) <= {0, 2}
    for a in range(3):
        pairs = [torch.full((4, 1), a), torch.arange(4)[:, None]]
        given = none_given(net, 4)
        given[:, 0] = True
        # Nothing given: the conditional is the joint over its sum.
        joint = torch.exp(-net.nll(pairs, none_given(net, 4), None))
        expected = joint[codes].sum() / joint.sum()
        torch.testing.assert_close(chance[drawn[0][:, 0] == a].exp().mean(), expected, atol=1e-5, rtol=1e-4)


JOINT = np.array([[[0.20, 0.05], [0.02, 0.13]], [[0.01, 0.09], [0.10, 0.10]], [[0.05, 0.05], [0.20, 0.00]]])
"""A joint distribution of three columns."""


@pytest.fixture(scope="module")
def joint_model():
    """Return a model of rows drawn in exact proportion from `JOINT`."""
    counts = (JOINT * 4000).round().astype(int)
    rows = np.repeat(np.array(list(np.ndindex(JOINT.shape))), counts.ravel(), axis=0).astype(np.int32)
    spec = TensorSpec(tuple(Block(n, "category", size=s) for n, s in zip("abc", JOINT.shape, strict=True)))
    train = {n: rows[:, i] for i, n in enumerate("abc")}
    options = {"dropout": 0.0, "validate_share": 0.0, "learning_rate": 2e-2, "given_share": 0.6, "batch_rows": 1000}
    made = synthesizer("synth.autoregressive", **options, average=0.98)
    return made.fit(train, spec, seed=1, budget=Budget(steps=300, patience=300))


def frequencies(batch):
    """Return the joint frequencies of a sample."""
    found = np.zeros(JOINT.shape)
    np.add.at(found, tuple(batch[n] for n in "abc"), 1)
    return found / found.sum()


def variation(a, b):
    """Return the total variation of two distributions."""
    return 0.5 * np.abs(a - b).sum()


def test_learns_a_known_joint(joint_model):
    """Samples have the joint distribution of the training rows."""
    assert variation(frequencies(batches(joint_model, 10_240)), JOINT) < 0.03


@pytest.mark.parametrize("column", [0, 1, 2])
def test_learns_every_conditional(joint_model, column):
    """With a column fixed, wherever it stands in the order, the rest follows its conditional distribution."""
    name = "abc"[column]
    batch = batches(joint_model, 10_240, Condition(fixed={name: np.array(1)}))
    assert set(batch[name].tolist()) == {1}
    expected = np.zeros_like(JOINT)
    at = [slice(None)] * 3
    at[column] = 1
    expected[tuple(at)] = JOINT[tuple(at)] / JOINT[tuple(at)].sum()
    assert variation(frequencies(batch), expected) < 0.05


@pytest.mark.parametrize("allowed", [{"a": [0, 2]}, {"a": [0, 1], "c": [1]}, {"b": [1], "c": [0]}])
def test_ranges_follow_the_restricted_joint(joint_model, allowed):
    """With codes allowed in some columns, samples have the joint distribution restricted to them."""
    condition = Condition(allowed={n: np.array(codes) for n, codes in allowed.items()})
    expected = JOINT.copy()
    for axis, name in enumerate("abc"):
        if name in allowed:
            kept = np.isin(np.arange(JOINT.shape[axis]), allowed[name])
            expected *= kept.reshape([-1 if i == axis else 1 for i in range(3)])
    found = frequencies(batches(joint_model, 10_240, condition))
    assert variation(found, expected / expected.sum()) < 0.05


def test_fixed_and_allowed_together(joint_model):
    """A fixed column and a range of another hold together."""
    condition = Condition(fixed={"c": np.array(1)}, allowed={"a": np.array([0, 1])})
    expected = np.zeros_like(JOINT)
    expected[:2, :, 1] = JOINT[:2, :, 1] / JOINT[:2, :, 1].sum()
    assert variation(frequencies(batches(joint_model, 5_120, condition)), expected) < 0.06


def test_sequences_end_and_follow():
    """A sequence that has ended stays so; its lengths and steps follow the training rows."""
    spec, train = sequences(2000)
    model = synthesizer("synth.autoregressive", learning_rate=2e-2, batch_rows=256, average=0.98)
    made = batches(model.fit(train, spec, seed=2, budget=Budget(steps=150, patience=50)), 2048)
    there = made["item?"] > 0
    assert (np.diff(there.astype(int), axis=1) <= 0).all()
    np.testing.assert_array_equal(made["item?"], made["gap?"])
    assert not made["item"][~there].any()
    lengths = [np.bincount((b["item?"] > 0).sum(1), minlength=7) / len(b["item?"]) for b in (train, made)]
    assert variation(*lengths) < 0.08
    follows = (made["item"][:, 1:] - made["item"][:, :-1]) % 5 == 1
    assert follows[there[:, 1:]].mean() > 0.95
    assert ((made["item"][:, 0] > 2) == made["region"])[there[:, 0]].mean() > 0.95


LENGTHS = {
    "geometric": 0.8 ** np.arange(40),
    "two sorts": np.bincount([0, 2, 2, 3, 34, 34, 35, 36], minlength=40) + 0.0,
}


@pytest.mark.parametrize("sort", LENGTHS)
def test_lengths_follow_a_known_distribution(sort):
    """Lengths up to 40 drawn from a closed form, empty rows among them, come out with its distribution function.

    Beyond 16 a code holds several lengths, so the function is looked at where codes end.
    """
    chances = LENGTHS[sort] / LENGTHS[sort].sum()
    rng = generator(4)
    length = rng.choice(40, 500, p=chances)
    item = rng.integers(0, 3, (500, 40)).astype(np.int32)
    there = (np.arange(40)[None] < length[:, None]).astype(np.float32)
    spec = TensorSpec((Block("item", "token", shape=(40,), axes="t", size=3, masked=True),))
    model = synthesizer("synth.autoregressive", learning_rate=3e-2, batch_rows=100, average=0.95, width=16)
    made = batches(model.fit({"item": item, "item?": there}, spec, seed=2, budget=Budget(steps=60, patience=60)), 2048)
    drawn = np.bincount((made["item?"] > 0).sum(1), minlength=41)[:40] / 2048
    ends = length_codes(40).numpy()[1:-1] - 1
    assert np.abs(np.cumsum(drawn) - np.cumsum(chances))[ends].max() < 0.06


def test_sequences_without_an_end_are_drawn_whole():
    """Where nothing is masked every step of every row is drawn, up to the last."""
    item = generator(5).integers(1, 3, (64, 40)).astype(np.int32)
    spec = TensorSpec((Block("item", "token", shape=(40,), axes="t", size=3),))
    model = synthesizer("synth.autoregressive", learning_rate=3e-2, average=0.5, width=16)
    made = batches(model.fit({"item": item}, spec, seed=2, budget=Budget(steps=20, patience=20)), 512)
    assert (made["item"] > 0).mean(0).min() > 0.8


def test_length_codes_cover_every_length():
    """Each length is in one code; the codes beyond 16 grow by an eighth at most, or hold one length."""
    for longest in (1, 5, 16, 17, 60, 256, 4096):
        codes = length_codes(longest).numpy()
        assert codes[0] == 0 and codes[-1] == longest + 1 and (np.diff(codes) > 0).all()
        assert (np.diff(codes) <= np.maximum(1, codes[:-1] * 0.15)).all()
    assert len(length_codes(4096)) < 80


@pytest.mark.parametrize("given", [False, True])
def test_the_likelihood_of_sequences_sums_to_one(given):
    """Over all rows of up to two steps of two blocks, of which a scalar is given or not, probabilities sum to 1."""
    blocks = (
        Block("s", "category", size=2),
        Block("x", "token", (2,), "t", size=2, masked=True),
        Block("y", "token", (2,), "t", size=3, masked=True),
    )
    torch.manual_seed(0)
    net = Steps(width=16, depth=1, dropout=0.0).masked(Layout(blocks))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.5)
    steps = [(2, 3), *itertools.product(range(2), range(3))]
    rows = [(s, a, b) for s in range(2) for a in steps for b in steps if a != (2, 3) or b == (2, 3)]
    values = [
        torch.tensor([[s] for s, _, _ in rows]),
        torch.tensor([[[a[0]], [b[0]]] for _, a, b in rows]),
        torch.tensor([[[a[1]], [b[1]]] for _, a, b in rows]),
    ]
    flags = torch.full((len(rows), 1), given)
    counted = values[0][:, 0] == 1 if given else torch.ones(len(rows), dtype=torch.bool)
    with torch.no_grad():
        total = torch.exp(-net.nll(values, flags, None).double())[counted].sum()
    assert abs(float(total) - 1) < 1e-5
