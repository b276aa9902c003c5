"""Targets that the loss has no meaning for or the outputs cannot reach, in a watched loop; and sound loops that look alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.loop_diagnosis import LoopDiagnosis
from whynet.doctor.reach import range_of, targets_of

N, D, K = 320, 6, 4
Loss = Callable[[Tensor, Tensor], Tensor]
logits: Loss = F.binary_cross_entropy_with_logits
shares: Loss = F.binary_cross_entropy


def inputs() -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(0))


def net(outs: int, *end: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, outs), *end)


def train(model: nn.Module, loss: Loss, y: Tensor, lr: float = 0.01, epochs: int = 3) -> LoopDiagnosis:
    x = inputs()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    with whynet.watch(model, optimizer) as w:
        for _ in range(epochs):
            for part in torch.randperm(N).split(32):
                optimizer.zero_grad()
                loss(model(x[part]), y[part]).backward()
                optimizer.step()
    return w.diagnosis


def confirmed(diagnosis: LoopDiagnosis) -> list[str]:
    return [one.cause.name for one in diagnosis.confirmed]


def accused(diagnosis: LoopDiagnosis) -> list[str]:
    return confirmed(diagnosis) + [one.cause.name for one in diagnosis.suspected]


def yes() -> Tensor:
    """1 where a line says so, (N, 1)."""
    return (inputs()[:, :1] > 0).float()


# --- labels written otherwise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "line"),
    [
        (2 * yes() - 1, "(y == 1).float()"),
        (yes() + 1, "(y == 2).float()"),
        (yes() + (inputs()[:, 1:2] > 0), "F.cross_entropy(output, y.long())  # 3 outputs"),
    ],
)
def test_labels_of_another_code(y: Tensor, line: str) -> None:
    diagnosis = train(net(1), logits, y)
    assert "label-encoding-error" in confirmed(diagnosis)
    assert "wrong-loss" not in accused(diagnosis)
    assert line in "\n".join(diagnosis.fix)


def test_labels_that_the_loss_refuses() -> None:
    model = net(1, nn.Sigmoid())
    with pytest.raises(RuntimeError, match="target"), whynet.watch(model, torch.optim.SGD(model.parameters(), lr=0.1)) as w:
        shares(model(inputs()), yes() + 1)
    assert confirmed(w.diagnosis) == ["label-encoding-error"]


def test_classes_counted_from_one() -> None:
    model, y = net(K), torch.arange(N) % K
    with pytest.raises(IndexError), whynet.watch(model, torch.optim.SGD(model.parameters(), lr=0.1)) as w:
        F.cross_entropy(model(inputs()), y + 1)
    assert confirmed(w.diagnosis) == ["label-encoding-error"]
    with pytest.raises(IndexError), whynet.watch(model, torch.optim.SGD(model.parameters(), lr=0.1)) as w:
        F.cross_entropy(model(inputs()), torch.arange(N) % (K + 1))  # an output too few
    assert accused(w.diagnosis) == []


def known(y: Tensor) -> Tensor:
    """Every third label is missing, which −1 says."""
    return torch.where(torch.arange(N)[:, None] % 3 == 0, -1.0, y)


def masked(out: Tensor, y: Tensor) -> Tensor:
    return (F.binary_cross_entropy_with_logits(out, y, reduction="none") * (y >= 0)).mean()


def weighed(out: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(out, y, weight=(y >= 0).float())


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (logits, yes()),
        (logits, 0.05 + 0.9 * yes()),
        (logits, torch.where(yes() > 0, 0.7 + 0.5 * torch.rand(N, 1), 0.3 * torch.rand(N, 1))),  # noisy labels, as for GANs
        (masked, known(yes())),
        (weighed, known(yes())),
    ],
    ids=["0 and 1", "smoothed", "noisy", "masked", "weighed"],
)
def test_labels_as_they_should_be(loss: Loss, y: Tensor) -> None:
    assert accused(train(net(1), loss, y)) == []


# --- values under a likelihood of yes and no ----------------------------------------------------------------------------


def values() -> Tensor:
    return 2 * inputs()[:, :1] + inputs()[:, 1:2]


def test_values_under_a_loss_of_yes_and_no() -> None:
    diagnosis = train(net(1), logits, values())
    assert "wrong-loss" in confirmed(diagnosis)
    assert "label-encoding-error" not in accused(diagnosis)
    assert "+ F.mse_loss(output, y)" in diagnosis.fix
    assert accused(train(net(1), F.mse_loss, values())) == []


# --- tags ---------------------------------------------------------------------------------------------------------------


def tags() -> Tensor:
    """Four tags, each by itself."""
    return (inputs()[:, :K] > 0).float()


def test_one_softmax_over_tags() -> None:
    assert confirmed(train(net(K, nn.Softmax(dim=1)), shares, tags())) == ["wrong-output-activation"]
    assert confirmed(train(net(K), lambda out, y: shares(out.softmax(1), y), tags())) == ["wrong-output-activation"]


@pytest.mark.parametrize("smooth", [0.0, 0.1])
def test_a_softmax_over_classes(smooth: float) -> None:
    y = F.one_hot(torch.arange(N) % K, K) * (1 - smooth) + smooth / 2
    assert accused(train(net(K, nn.Softmax(dim=1)), shares, y)) == []


def test_a_sigmoid_for_each_tag() -> None:
    assert accused(train(net(K, nn.Sigmoid()), shares, tags())) == []
    assert accused(train(net(K), logits, tags())) == []


# --- out of reach -------------------------------------------------------------------------------------------------------

BOUNDED = [(nn.Sigmoid(), "sigmoid"), (nn.Tanh(), "tanh"), (nn.ReLU(), "relu"), (nn.Hardtanh(-2, 2), "hardtanh")]


@pytest.mark.parametrize(("end", "name"), BOUNDED)
@pytest.mark.parametrize("loss", [F.mse_loss, F.smooth_l1_loss])
def test_targets_out_of_reach(end: nn.Module, name: str, loss: Loss) -> None:
    diagnosis = train(net(1, end), loss, values())
    assert "output-activation-range-mismatch" in confirmed(diagnosis)
    assert f"- output = {name}(layer(x))" in diagnosis.fix


def test_codes_beyond_a_sigmoid() -> None:
    y = (torch.arange(N) % 3).float()[:, None]
    assert "output-activation-range-mismatch" in confirmed(train(net(1, nn.Sigmoid()), F.mse_loss, y))
    assert "output-activation-range-mismatch" in confirmed(train(net(1), lambda out, y: F.mse_loss(out.sigmoid(), y), y))


@pytest.mark.parametrize(
    ("end", "y"),
    [
        (nn.Sigmoid(), values().sigmoid()),
        (nn.Tanh(), values().tanh()),
        (nn.ReLU(), values().abs()),
        (nn.ReLU(), values().clamp(min=-0.001)),  # nothing measured as a little less
        (nn.ReLU(), torch.where(torch.arange(N)[:, None] % 40 == 0, -1.0, values().abs())),  # one in forty
    ],
)
def test_targets_within_reach(end: nn.Module, y: Tensor) -> None:
    assert "output-activation-range-mismatch" not in accused(train(net(1, end), F.mse_loss, y))


def test_a_scale_after_the_activation() -> None:
    assert accused(train(net(1), lambda out, y: F.mse_loss(10 * out.tanh(), y), values())) == []


def test_the_range_of_the_last_operation() -> None:
    x = torch.randn(8, 3, requires_grad=True)
    drawn = 1e3 * torch.randn(8, 3)
    for made in (
        x.sigmoid(), x.tanh(), x.relu(), x.softmax(1), x.log_softmax(1), x.exp(), F.softplus(x), F.logsigmoid(x), F.hardtanh(x),
        F.relu6(x), F.hardsigmoid(x), x.clamp(min=0.5), x.clamp(max=2), x.clamp(-1, 3), x.sigmoid()[:, 0].reshape(2, 4).T,
    ):  # fmt: skip
        low, high = range_of(made.grad_fn) or (0.0, 0.0)
        assert low < high
        assert bool((made >= low).all() and (made <= high).all())
        # the range is no wider than what the operation makes of large inputs
    ends = {F.relu6: (0, 6), torch.tanh: (-1, 1), torch.sigmoid: (0, 1), F.hardtanh: (-1, 1)}
    for operation, (low, high) in ends.items():
        assert range_of(operation(x).grad_fn) == (low, high)
        wide = operation(drawn)
        assert float(wide.min()) == pytest.approx(low, abs=1e-3)
        assert float(wide.max()) == pytest.approx(high, abs=1e-3)
    for free in (x * 2, x.sigmoid() * 5, x + 1, F.gelu(x)):
        assert range_of(free.grad_fn) is None
    assert range_of(None) is None


def test_targets_against_a_slow_twin() -> None:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(50, 3, requires_grad=True)
    y = 2 * torch.randn(50, 3, generator=made)
    seen = targets_of("mse_loss", x.tanh().grad_fn, y)
    assert seen is not None
    slack = 0.05 * float(y.std(correction=0))
    assert seen.outside == pytest.approx(sum(not -1 - slack <= v <= 1 + slack for v in y.flatten().tolist()) / 150)
    assert (seen.low, seen.high, seen.count, seen.codes) == (float(y.min()), float(y.max()), 150, ())
    rows = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 1.0]])
    tagged = targets_of("binary_cross_entropy", None, rows)
    assert tagged is not None
    assert tagged.tagged == 0.5
