"""A loss inside of the model is read as the same loss in the loop is: the loop, where it is heard as it is called, is the reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.loop import LossCall

B, D, K = 16, 6, 3
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]  # of outputs (B, K), classes (B,), numbers (B, K)


class Inside(nn.Module):
    """Gives back its loss and its outputs, as Hugging Face's models do."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net, self.loss = nn.Linear(D, K), loss

    def forward(self, x: Tensor, labels: Tensor, numbers: Tensor) -> dict[str, Tensor]:
        out = self.net(x)
        return {"loss": self.loss(out, labels, numbers), "logits": out}


def calls(loss: Loss, inside: bool) -> list[LossCall]:
    model = Inside(loss)
    made = torch.Generator().manual_seed(0)
    x, labels, numbers = torch.randn(B, D, generator=made), torch.arange(B) % K, torch.rand(B, K, generator=made)
    watched = model if inside else model.net
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with whynet.watch(watched, optimizer) as w:
        for _ in range(3):
            optimizer.zero_grad()
            value = model(x, labels, numbers)["loss"] if inside else loss(model.net(x), labels, numbers)
            value.backward()
            optimizer.step()
    assert len(w.diagnosis.losses) == 3
    return w.loop.calls


LOSSES: dict[str, Loss] = {
    "cross entropy": lambda out, y, z: F.cross_entropy(out, y),
    "summed": lambda out, y, z: F.cross_entropy(out, y, reduction="sum"),
    "over tokens": lambda out, y, z: F.cross_entropy(out.view(-1, K), y.view(-1)),
    "softmax first": lambda out, y, z: F.cross_entropy(out.softmax(1), y),
    "relu first": lambda out, y, z: F.cross_entropy(out.relu(), y),
    "nll": lambda out, y, z: F.nll_loss(out.log_softmax(1).exp().log(), y),
    "squares": lambda out, y, z: F.mse_loss(out, z),
    "huber": lambda out, y, z: F.huber_loss(out, z),
    "smooth": lambda out, y, z: F.smooth_l1_loss(out, z, reduction="sum"),
    "yes and no": lambda out, y, z: F.binary_cross_entropy_with_logits(out, z),
    "squeezed yes and no": lambda out, y, z: F.binary_cross_entropy(out.sigmoid(), z),
    "column against row": lambda out, y, z: F.mse_loss(out[:, :1], z[:, 0]),
}


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_inside_reads_as_outside(loss: Loss) -> None:
    own, heard = calls(loss, True), calls(loss, False)
    assert len(own) == len(heard) == 3
    for one, other in zip(own, heard, strict=True):
        assert (one.name, one.input_shape, one.target_shape) == (other.name, other.input_shape, other.target_shape)
        assert (one.reduction, one.training) == (other.reduction, other.training)
        if other.last_operation in ("softmax", "relu", "sigmoid", ""):
            assert one.last_operation == other.last_operation
        assert one.value == pytest.approx(other.value)
        assert (one.labels is None) == (other.labels is None)
        assert one.labels is None or torch.equal(one.labels, other.labels)  # type: ignore[arg-type]


def test_a_sum_divided_inside_counts_as_a_mean() -> None:
    (first, *_) = calls(lambda out, y, z: F.cross_entropy(out, y, reduction="sum") / B, True)
    assert (first.name, first.reduction) == ("cross_entropy", "mean")


def test_two_losses_added_are_both_read_and_not_run_again() -> None:
    found = calls(lambda out, y, z: F.cross_entropy(out, y) + 0.5 * F.mse_loss(out, z), True)
    assert sorted({one.name for one in found}) == ["cross_entropy", "mse_loss"]


def test_a_number_that_no_known_loss_made_is_no_loss_call() -> None:
    assert calls(lambda out, y, z: out.square().mean(), True) == []
