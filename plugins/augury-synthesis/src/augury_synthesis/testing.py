"""Checks for heads and backbones of other distributions: call them from a test with a block or blocks of your kind.

from augury_synthesis.testing import check_backbone, check_head

def test_hurdle():
    check_head(Hurdle, Block("price", "real"), torch.rand(64, 1))
"""

from __future__ import annotations

import torch
from torch import Tensor

from augury.synthesis import Block
from augury_synthesis.backbones import Backbone
from augury_synthesis.heads import Head
from augury_synthesis.layout import Layout, Values
from augury_synthesis.noise import Noise

CPU = torch.device("cpu")


def check_head(cls: type[Head], block: Block, value: Tensor) -> None:
    """Hold a head to its contract on a value [rows, elements] of a block, in every method that it has.

    Raises:
        AssertionError: naming the method and what it gave.
    """
    head = cls(block)
    rows, count = len(value), head.elements
    assert cls.kind == block.kind, f"kind: {cls.kind}, of a block of kind {block.kind}"
    assert value.shape == (rows, count), f"elements: {count}, of a value of shape {tuple(value.shape)}"
    again = head.read({k: torch.from_numpy(v) for k, v in head.write(value).items()})
    assert torch.equal(again.nan_to_num(-1), value.nan_to_num(-1)), "read: it does not give what write was given"
    shown = head.embed(value)
    assert shown.shape == (rows, count, head.inputs), f"embed: shape {tuple(shown.shape)}"
    one = head.embed(value[:, -1:], count - 1)
    assert torch.equal(one, shown[:, -1:]), "embed: an element alone is shown otherwise than among all"
    raw = torch.randn(rows, count, head.outputs, generator=torch.Generator().manual_seed(0), requires_grad=True)
    out = head.spread(raw)
    if cls.can("nll"):
        lost = head.nll(out, value)
        assert lost.shape == (rows, count), f"nll: shape {tuple(lost.shape)}"
        assert torch.isfinite(lost).all(), "nll: not finite"
        assert torch.autograd.grad(lost.sum(), raw, retain_graph=True)[0].abs().sum() > 0, "nll: no gradient"
    if cls.can("draw"):
        _check_draw(head, out.detach(), value)
    if cls.can("activate"):
        soft = head.activate(out, Noise(CPU, "activate"))
        assert soft.shape == head.soften(value).shape == (rows, count, head.soft), f"activate: {tuple(soft.shape)}"
        assert torch.autograd.grad(soft.square().sum(), raw)[0].abs().sum() > 0, "activate: no gradient"
        back = head.harden(head.soften(value))
        assert torch.equal(back.nan_to_num(-1), value.nan_to_num(-1)), "harden: it does not give what soften was given"


def _check_draw(head: Head, out: Tensor, value: Tensor) -> None:
    first, second = (head.draw(out, Noise(CPU, "draw")) for _ in range(2))
    assert first.shape == value.shape, f"draw: shape {tuple(first.shape)}"
    assert first.dtype == value.dtype, f"draw: {first.dtype}, of values of {value.dtype}"
    assert torch.equal(first.nan_to_num(-1), second.nan_to_num(-1)), "draw: other values from the same noise"


def check_backbone(cls: type[Backbone], blocks: tuple[Block, ...], values: Values) -> None:
    """Hold a backbone to its contract on rows of some blocks, in every role that it has.

    Raises:
        AssertionError: naming the role and what it gave.
    """
    torch.manual_seed(0)
    layout, backbone = Layout(blocks), cls(width=16, depth=1, dropout=0.1)
    rows = len(values[0])
    if cls.can("encode"):
        _check_shape("encode", backbone.encode(layout, 6)(values, None), (rows, 6))
    if cls.can("decode"):
        _check_shape("decode", backbone.decode(layout, 5)(torch.zeros(rows, 5), None), (rows, layout.outputs))
    if cls.can("critic"):
        soft = layout.soften(values)
        _check_shape("critic", backbone.critic(layout, 0, 1)(soft, torch.zeros(rows, 0), None), (rows,))
    if cls.can("masked"):
        net = backbone.masked(layout)
        scalars = sum(h.elements for h in layout.heads if not h.block.axes)
        given = torch.zeros(rows, scalars, dtype=torch.bool)
        _check_shape("masked", net.nll(values, given, None), (rows,))
        noise = Noise(CPU, "dropout")
        assert torch.isfinite(net.nll(values, given, noise)).all(), "masked: not finite with dropout"
        drawn, chance = net.draw(values, given, [None] * len(blocks), Noise(CPU, "draw"))
        assert [v.shape for v in drawn] == [v.shape for v in values], "masked: draws of another shape"
        _check_shape("masked", chance, (rows,))


def _check_shape(role: str, found: Tensor, expected: tuple[int, ...]) -> None:
    assert found.shape == expected, f"{role}: shape {tuple(found.shape)}, expected {expected}"
    assert torch.isfinite(found).all(), f"{role}: not finite"
