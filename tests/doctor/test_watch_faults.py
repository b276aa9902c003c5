"""Every wiring fault, in a loop that has it and in the same loop without it: the first is named, the second is not accused of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.loop_diagnosis import LoopDiagnosis

N, D, K = 320, 12, 3


def points(seed: int = 0, n: int = N) -> tuple[Tensor, Tensor]:
    """Three classes along two directions, learnable by a line."""
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(n, D, generator=made)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()


def batches(x: Tensor, y: Tensor, size: int = 32, shuffle: bool = True) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
    for part in order.split(size):
        yield x[part], y[part]


def classifier(*end: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, K), *end)


def names(found: list) -> list[str]:
    return [one.cause.name for one in found]


def train(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    *,
    data: tuple[Tensor, Tensor] | None = None,
    epochs: int = 3,
    lr: float = 0.1,
    shuffle: bool = True,
    clear: bool = True,
    optimizer: torch.optim.Optimizer | None = None,
    after: Callable[[nn.Module, Tensor, Tensor], object] | None = None,
    size: int = 32,
) -> LoopDiagnosis:
    """The plain loop that everyone writes, watched."""
    x, y = data or points()
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=lr)
    with whynet.watch(model, optimizer) as w:
        for _ in range(epochs):
            model.train()
            for a, b in batches(x, y, size, shuffle):
                if clear:
                    optimizer.zero_grad()
                loss(model(a), b).backward()
                optimizer.step()
            if after:
                after(model, x, y)
    return w.diagnosis


def accused(diagnosis: LoopDiagnosis) -> list[str]:
    return names(diagnosis.confirmed) + names(diagnosis.suspected)


def test_a_healthy_loop_gets_a_clean_bill() -> None:
    diagnosis = train(classifier())
    assert accused(diagnosis) == []
    assert diagnosis.steps == 30
    assert len(diagnosis.cleared) >= 10
    assert diagnosis.losses[-1][1] < diagnosis.losses[0][1]


# --- the rule --------------------------------------------------------------------------------------------------------


def test_gradients_never_cleared() -> None:
    diagnosis = train(classifier(), clear=False)
    assert names(diagnosis.confirmed) == ["missing-zero-grad"]
    assert "+ optimizer.zero_grad()" in diagnosis.fix


@pytest.mark.parametrize("to_none", [True, False])
@pytest.mark.parametrize("where", ["before forward", "before backward", "after step"])
def test_gradients_cleared_anywhere_between_two_steps(where: str, to_none: bool) -> None:
    model, (x, y) = classifier(), points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with whynet.watch(model, optimizer) as w:
        for a, b in batches(x, y):
            if where == "before forward":
                optimizer.zero_grad(set_to_none=to_none)
            loss = F.cross_entropy(model(a), b)
            if where == "before backward":
                model.zero_grad(set_to_none=to_none)
            loss.backward()
            optimizer.step()
            if where == "after step":
                optimizer.zero_grad(set_to_none=to_none)
    assert accused(w.diagnosis) == []
    assert w.loop.checked == 9


def test_gradient_accumulation_is_no_fault() -> None:
    model, (x, y) = classifier(), points()
    optimizer = torch.optim.Adam(model.parameters())
    with whynet.watch(model, optimizer) as w:
        for _ in range(3):
            for i, (a, b) in enumerate(batches(x, y, 16)):
                (F.cross_entropy(model(a), b) / 4).backward()
                if i % 4 == 3:
                    optimizer.step()
                    optimizer.zero_grad()
    assert accused(w.diagnosis) == []


def test_an_optimizer_of_another_model() -> None:
    other = classifier()
    diagnosis = train(classifier(), optimizer=torch.optim.SGD(other.parameters(), lr=0.1), epochs=1)
    assert names(diagnosis.confirmed) == ["optimizer-misses-parameters"]


def test_an_optimizer_that_lacks_a_random_layer() -> None:
    model = classifier()
    diagnosis = train(model, optimizer=torch.optim.SGD(model[2].parameters(), lr=0.1))
    assert names(diagnosis.confirmed) == ["optimizer-misses-parameters"]
    assert "0.weight" in str(diagnosis)


def test_fine_tuning_the_head_of_a_trained_model_is_no_fault() -> None:
    model = classifier()
    train(model, epochs=20, lr=0.5)
    model[2] = nn.Linear(32, K)
    assert accused(train(model, optimizer=torch.optim.SGD(model[2].parameters(), lr=0.1))) == []
    model[0].requires_grad_(False)
    assert accused(train(model, optimizer=torch.optim.SGD(model[2].parameters(), lr=0.1))) == []


def test_two_optimizers_for_one_model_are_no_fault() -> None:
    model, (x, y) = classifier(), points()
    both = [torch.optim.SGD(model[0].parameters(), lr=0.1), torch.optim.Adam(model[2].parameters())]
    for given in (both, both[0], None):
        with whynet.watch(model, given) as w:
            for a, b in batches(x, y):
                model.zero_grad()
                F.cross_entropy(model(a), b).backward()
                for optimizer in both:
                    optimizer.step()
        assert accused(w.diagnosis) == []
        assert w.diagnosis.steps == (10 if given is both[0] else 20)


def test_random_layers_frozen() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    assert names(train(model).confirmed) == ["frozen-parameters"]


def test_a_layer_left_out_of_forward() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.middle, self.last = nn.Linear(D, 16), nn.Linear(16, 16), nn.Linear(16, K)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.first(x).relu())

    assert names(train(Forgetful()).suspected) == ["frozen-parameters"]


class Cut(nn.Module):
    """A way back that ends after the first layer."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.first, self.last = how, nn.Linear(D, 32), nn.Linear(32, K)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(x).relu()
        if self.how == "detach":
            hidden = hidden.detach()
        elif self.how == "data":
            hidden = hidden.data
        elif self.how == "numpy":
            hidden = torch.from_numpy(hidden.detach().numpy())
        out = self.last(hidden)
        return out.detach() if self.how == "end" else out


@pytest.mark.parametrize("how", ["detach", "data", "numpy"])
def test_a_graph_cut_inside(how: str) -> None:
    assert names(train(Cut(how)).confirmed) == ["detached-graph"]


def test_a_graph_cut_at_the_end_is_named_although_the_loop_dies() -> None:
    model = Cut("end")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(RuntimeError, match="does not require grad"), whynet.watch(model, optimizer) as w:
        F.cross_entropy(model(points()[0]), points()[1]).backward()
    assert names(w.diagnosis.confirmed) == ["detached-graph"]
    assert w.diagnosis.ended_by.startswith("RuntimeError")


class Climbing(torch.optim.Optimizer):
    """Someone's own gradient descent, with a plus."""

    def __init__(self, parameters: Iterator[nn.Parameter], sign: float = 1.0) -> None:
        super().__init__(parameters, {"lr": 0.01, "sign": sign})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=group["lr"] * group["sign"])


def test_a_step_along_the_gradient() -> None:
    model = classifier()
    assert names(train(model, optimizer=Climbing(model.parameters())).confirmed) == ["gradient-sign-flipped"]
    model = classifier()
    assert accused(train(model, optimizer=Climbing(model.parameters(), sign=-1.0))) == []


def test_maximizing_a_loss() -> None:
    model = classifier()
    diagnosis = train(model, optimizer=torch.optim.Adam(model.parameters(), maximize=True))
    assert names(diagnosis.confirmed) == ["gradient-sign-flipped"]


def test_the_opposite_of_the_loss() -> None:
    diagnosis = train(classifier(), lambda out, y: -F.cross_entropy(out, y))
    assert names(diagnosis.confirmed) == ["gradient-sign-flipped"]


@pytest.mark.parametrize(
    "kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad]
)
def test_every_usual_rule_descends(kind: type[torch.optim.Optimizer]) -> None:
    model = classifier()
    diagnosis = train(model, optimizer=kind(model.parameters(), lr=0.01, weight_decay=0.01))
    assert accused(diagnosis) == []
    assert "gradient-sign-flipped" in names(diagnosis.cleared)


def test_a_rate_that_falls_below_zero() -> None:
    model = classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch)
    diagnosis = train(model, optimizer=optimizer, after=lambda *_: schedule.step(), epochs=4)
    assert "negative-learning-rate" in names(diagnosis.confirmed)


# --- the loss --------------------------------------------------------------------------------------------------------


def column(seed: int = 0) -> tuple[Tensor, Tensor]:
    x, _ = points(seed)
    return x, x[:, 0] * 2 + x[:, 1]


def regressor() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, 1))


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    "loss", [F.mse_loss, F.l1_loss, lambda out, y: ((out - y) ** 2).mean(), lambda out, y: (y - out).abs().mean()]
)
def test_a_column_against_a_row(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert names(train(regressor(), loss, data=column(), lr=0.01).confirmed) == ["label-shape-broadcasting"]
    x, y = column()
    diagnosis = train(regressor(), loss, data=(x, y[:, None]), lr=0.01)
    assert accused(diagnosis) == []
    assert "label-shape-broadcasting" in names(diagnosis.cleared)


def test_softmax_before_cross_entropy() -> None:
    assert names(train(classifier(nn.Softmax(dim=1))).confirmed) == ["softmax-before-logits-loss"]
    assert names(train(classifier(), lambda out, y: F.cross_entropy(out.softmax(1), y)).confirmed) == [
        "softmax-before-logits-loss"
    ]
    assert accused(train(classifier(nn.LogSoftmax(dim=1)))) == []
    assert accused(train(classifier(nn.LogSoftmax(dim=1)), F.nll_loss)) == []


def test_softmax_over_the_batch() -> None:
    assert "wrong-reduction-axis" in names(train(classifier(nn.Softmax(dim=0))).confirmed)
    by_hand = train(classifier(), lambda out, y: F.nll_loss(out.log_softmax(dim=0), y))
    assert names(by_hand.confirmed) == ["wrong-reduction-axis"]


@pytest.mark.parametrize(("end", "name"), [(nn.ReLU(), "relu"), (nn.Sigmoid(), "sigmoid"), (nn.Tanh(), "tanh")])
def test_an_activation_before_cross_entropy(end: nn.Module, name: str) -> None:
    diagnosis = train(classifier(end))
    assert names(diagnosis.confirmed) == ["activation-on-logits"]
    assert name in str(diagnosis)


def test_clipped_logits_are_no_fault() -> None:
    assert accused(train(classifier(), lambda out, y: F.cross_entropy(10 * torch.tanh(out / 10), y))) == []


def test_a_sum_with_a_rate_for_a_mean() -> None:
    summed = lambda out, y: F.cross_entropy(out, y, reduction="sum")  # noqa: E731
    assert "loss-summed-not-averaged" in names(train(classifier(), summed, lr=1.0).confirmed)
    model = classifier()
    assert accused(train(model, summed, optimizer=torch.optim.Adam(model.parameters(), lr=0.01))) == []
    assert accused(train(classifier(), summed, lr=0.002)) == []
    assert accused(train(classifier(), lambda out, y: summed(out, y) / len(y))) == []


def by_hand(out: Tensor, y: Tensor) -> Tensor:
    return -torch.log(out.softmax(dim=1))[torch.arange(len(y)), y].mean()


def test_a_logarithm_of_softmax_that_breaks() -> None:
    x, y = points()
    assert "numerically-unstable-loss" in names(train(classifier(), by_hand, data=(x * 300, y), lr=1.0).confirmed)
    guarded = lambda out, y: -torch.log(out.softmax(1).clamp(min=1e-9))[torch.arange(len(y)), y].mean()  # noqa: E731
    assert accused(train(classifier(), guarded, data=(x, y))) == []
    assert accused(train(classifier(), by_hand, data=(x, y))) == []  # it may, and did not
