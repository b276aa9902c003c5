"""A user's own loss gives what it gives without us, and refuses what it would silently broadcast."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F

from whynet.errors import RecipeError, ShapeError
from whynet.losses.given import GivenLoss
from whynet.task import Task

CLASSIFY, BINARY, REGRESS = Task("classify", (3,), 4), Task("classify", (3,), 2), Task("regress", (3,), 2)
logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
labels = torch.tensor([0, 3, 1, 2, 2, 0])
binary = torch.tensor([0, 1, 1, 0, 1, 0])


def own(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.logsumexp(1) - outputs.gather(1, targets[:, None])[:, 0]).mean()


@pytest.mark.parametrize(
    ("function", "outputs", "targets", "expected"),
    [
        (nn.CrossEntropyLoss(label_smoothing=0.1), logits, labels, F.cross_entropy(logits, labels, label_smoothing=0.1)),
        (nn.NLLLoss(), logits.log_softmax(1), labels, F.cross_entropy(logits, labels)),
        (nn.MultiMarginLoss(), logits, labels, F.multi_margin_loss(logits, labels)),
        (own, logits, labels, F.cross_entropy(logits, labels)),
        (partial(F.cross_entropy, reduction="sum"), logits, labels, 6 * F.cross_entropy(logits, labels)),
        (nn.MSELoss(), logits, labels, F.mse_loss(logits, F.one_hot(labels, 4).float())),
        (nn.MSELoss(), logits[:, :1], binary, F.mse_loss(logits[:, 0], binary.float())),
        (nn.L1Loss(), logits[:, :2], logits[:, 2:], (logits[:, :2] - logits[:, 2:]).abs().mean()),
        (nn.BCEWithLogitsLoss(), logits[:, :1], binary, F.binary_cross_entropy(logits[:, 0].sigmoid(), binary.float())),
        (nn.BCELoss(), logits[:, :1].sigmoid(), binary, F.binary_cross_entropy(logits[:, 0].sigmoid(), binary.float())),
    ],
)
def test_gives_what_the_function_gives(function: Any, outputs: Tensor, targets: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(GivenLoss(function)(outputs, targets), expected)


@pytest.mark.parametrize("function", [nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss(), own])
def test_stacked_and_traced_equal_a_loop(function: Any) -> None:
    arms, loss = torch.stack([logits, -logits]), GivenLoss(function)
    step = vmap(grad(loss), in_dims=(0, None))
    loop = torch.stack([grad(loss)(arm, labels) for arm in arms])
    torch.testing.assert_close(make_fx(step)(arms, labels)(arms, labels), loop)


@pytest.mark.parametrize(
    ("function", "reads", "units", "answer"),
    [  # units on 4 classes, 2 classes, 2 values; the answer to one unit at 0.3
        (nn.CrossEntropyLoss(), "logits", (4, 2, 2), 1),
        (nn.BCEWithLogitsLoss(), "logits", (4, 1, 2), 1),
        (F.binary_cross_entropy, "probabilities", (4, 1, 2), 0),
        (nn.MSELoss(), "values", (4, 2, 2), 0),
        (own, "scores", (4, 2, 2), 1),
    ],
)
def test_reads_the_outputs_as_the_known_class_does(function: Any, reads: str, units: tuple[int, ...], answer: int) -> None:
    loss = GivenLoss(function)
    assert loss.reads == reads
    assert tuple(loss.units(task) for task in (CLASSIFY, BINARY, REGRESS)) == units
    assert loss.decide(torch.tensor([[0.3]]), BINARY).tolist() == [answer]
    assert torch.equal(loss.decide(logits, CLASSIFY), logits.argmax(1))
    assert loss.decide(logits, REGRESS) is logits


def test_is_named_after_the_function_unless_told() -> None:
    assert GivenLoss(nn.MSELoss()).name == "MSELoss"
    assert GivenLoss(partial(own)).name == "own"
    assert GivenLoss(own, "mine").name == "mine"


def test_a_squeezed_output_is_one_unit() -> None:
    """``model(x).squeeze(1)`` is how much code meets BCEWithLogitsLoss and MSELoss."""
    one = logits[:, 0]
    for function in (nn.BCEWithLogitsLoss(), nn.MSELoss()):
        torch.testing.assert_close(GivenLoss(function)(one, binary), function(one, binary.float()))
        torch.testing.assert_close(GivenLoss(function)(one, logits[:, 1:2].sigmoid()), function(one, logits[:, 1].sigmoid()))
    assert GivenLoss(lambda outputs, targets: (outputs - targets).abs().max())(one, logits[:, :1]) == 0
    assert torch.equal(GivenLoss(nn.BCEWithLogitsLoss()).decide(one, BINARY), (one > 0).long())
    assert GivenLoss(nn.MSELoss()).decide(one, REGRESS).shape == (6, 1)


def test_refuses_to_broadcast() -> None:
    with pytest.raises(ShapeError, match=r"outputs \(6, 1\), targets \(6,\) float32"):
        GivenLoss(nn.MSELoss())(logits[:, :1], logits[:, 0])


@pytest.mark.parametrize("function", [nn.CrossEntropyLoss(reduction="none"), lambda outputs, targets: 0.0])
def test_refuses_a_function_that_returns_no_scalar(function: Any) -> None:
    with pytest.raises(ShapeError, match='reduction="mean"'):
        GivenLoss(function)(logits, labels)


def test_pixels_are_decided_by_their_largest_score_and_boxes_by_whoever_wrote_the_loss() -> None:
    outputs = torch.randn(4, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    loss = GivenLoss(F.cross_entropy)
    assert torch.equal(loss.decide(outputs, Task("segment", (1, 5, 6), 3)), outputs.argmax(1))
    with pytest.raises(RecipeError, match="cross_entropy"):
        loss.decide(outputs, Task("detect", (1, 5, 6), 3))
