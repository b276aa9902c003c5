"""Losses on masks against torch, a loop over pixels, and each arm alone."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F

from whynet.errors import OptionError, RecipeError, ShapeError
from whynet.losses.dice import Dice
from whynet.losses.loss import Loss
from whynet.losses.pixel_cross_entropy import PixelCrossEntropy
from whynet.registry import make
from whynet.task import Task

B, K, H, W = 3, 4, 2, 5
SEGMENT = Task("segment", (1, H, W), K)
LOSSES = pytest.mark.parametrize("loss", [PixelCrossEntropy(), Dice(), Dice(smooth=0.1)], ids=str)


def draw(seed: int = 0) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(B, K, H, W, generator=g), torch.randint(-1, K, (B, H, W), generator=g)


def test_pixel_cross_entropy_is_torchs_with_pixels_ignored() -> None:
    f, y = draw()
    assert (y == -1).any()
    torch.testing.assert_close(PixelCrossEntropy()(f, y), F.cross_entropy(f, y, ignore_index=-1))
    ours, theirs = grad(PixelCrossEntropy())(f, y), grad(lambda f: F.cross_entropy(f, y, ignore_index=-1))(f)
    torch.testing.assert_close(ours, theirs)


def test_a_batch_without_a_judged_pixel_says_nothing() -> None:
    f = draw()[0]
    nothing = torch.full((B, H, W), -1)
    assert PixelCrossEntropy()(f, nothing) == 0  # torch: 0 / 0
    assert not grad(PixelCrossEntropy())(f, nothing).any()
    assert not grad(Dice())(f, nothing).any()
    far = torch.full((1, 2, 1, 1), 1e4)
    far[:, 1] = -1e4
    assert PixelCrossEntropy()(far, torch.tensor([[[-1]]])) == 0  # not infinity times nothing


@pytest.mark.parametrize("smooth", [0.1, 1.0])
def test_dice_is_that_of_a_loop_over_pixels(smooth: float) -> None:
    f, y = draw(1)
    overlap, size = [smooth] * K, [smooth] * K
    for b in range(B):
        for i in range(H):
            for j in range(W):
                if y[b, i, j] < 0:
                    continue
                powers = [math.exp(value) for value in f[b, :, i, j].tolist()]
                for k in range(K):
                    p, hit = powers[k] / sum(powers), float(y[b, i, j] == k)
                    overlap[k] += 2 * p * hit
                    size[k] += p * p + hit
    assert Dice(smooth)(f, y).item() == pytest.approx(1 - sum(o / s for o, s in zip(overlap, size, strict=True)) / K, rel=1e-5)


def test_dice_of_a_sure_answer_is_zero_where_right_and_one_where_wrong() -> None:
    y = torch.tensor([[[0, 1], [1, 0]]])
    sure = 50 * F.one_hot(y, 2).movedim(-1, 1).float()
    assert Dice(1e-6)(sure, y).item() == pytest.approx(0, abs=1e-5)
    assert Dice(1e-6)(-sure, y).item() == pytest.approx(1, abs=1e-5)


@LOSSES
def test_stacked_and_traced_equal_a_loop(loss: Loss) -> None:
    f, y = draw()
    arms = torch.stack([f, f.roll(1, 0), f.roll(2, 0)])
    step = vmap(grad(loss), in_dims=(0, None))
    loop = torch.stack([grad(loss)(arm, y) for arm in arms])
    torch.testing.assert_close(step(arms, y), loop)
    torch.testing.assert_close(make_fx(step)(arms, y)(arms.flip(0), y), loop.flip(0))


def test_each_arm_may_have_its_own_smoothness() -> None:
    f, y = draw()
    values = torch.tensor([0.1, 1.0], dtype=torch.float64)
    found = vmap(lambda smooth: replace(Dice(), smooth=smooth)(f, y))(values)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.stack([Dice(0.1)(f, y), Dice(1.0)(f, y)]))


@LOSSES
def test_units_answers_and_refusals(loss: Loss) -> None:
    f, y = draw()
    assert loss.units(SEGMENT) == K
    assert loss.decide(f, SEGMENT).equal(f.argmax(1))
    with pytest.raises(RecipeError, match="segmentation"):
        loss.units(Task("classify", (3,), K))
    with pytest.raises(ShapeError, match=r"Received: \(3, 4\)"):
        loss.decide(torch.zeros(3, 4), SEGMENT)
    for outputs, masks in ((f, y[:, :1]), (f[..., 0], y), (f, y.float()), (f[:2], y)):
        with pytest.raises(ShapeError, match="one height and width") as refusal:
            loss(outputs, masks)
        assert str(tuple(masks.shape)) in refusal.value.message.show("ko")


def test_they_are_made_by_name() -> None:
    assert make("loss", "pixel_cross_entropy") == PixelCrossEntropy()
    assert make("loss", "dice(smooth=0.5)") == Dice(0.5)
    with pytest.raises(OptionError):
        make("loss", "dice(smooth=0)")
