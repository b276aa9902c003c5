"""Layers that a model keeps where torch does not look, in a watched loop; and models that do so on purpose."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.hidden import hidden_parameters
from whynet.doctor.loop_diagnosis import LoopDiagnosis
from whynet.doctor.wires import wiring_of

N, D, K = 192, 12, 3


def data() -> tuple[Tensor, Tensor]:
    x = torch.randn(N, D, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()


class Stack(nn.Module):
    """Hidden layers kept by a function of their list, and a head."""

    def __init__(self, keep: Callable[[list[nn.Module]], object]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = keep([nn.Linear(D, D), nn.Linear(D, D)])
        self.head = nn.Linear(D, K)

    @property
    def layers(self) -> Iterable[nn.Module]:
        kept = self.blocks
        kept = kept.values() if isinstance(kept, dict) else kept
        return [one[0] if isinstance(one, list) else one for one in kept]  # type: ignore[attr-defined]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).relu()
        out: Tensor = self.head(x)
        return out


def train(model: nn.Module, optimizer: torch.optim.Optimizer | None = None, *others: torch.optim.Optimizer) -> LoopDiagnosis:
    x, y = data()
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1)
    with whynet.watch(model, optimizer) as w:
        for _ in range(3):
            for part in torch.randperm(N).split(32):
                optimizer.zero_grad()
                F.cross_entropy(model(x[part]), y[part]).backward()
                for one in (optimizer, *others):
                    one.step()
    return w.diagnosis


def accused(diagnosis: LoopDiagnosis) -> list[str]:
    return [one.cause.name for one in (*diagnosis.confirmed, *diagnosis.suspected)]


@pytest.mark.parametrize(
    ("keep", "line"),
    [
        (list, "+ self.blocks = nn.ModuleList([…])"),
        (tuple, "+ self.blocks = nn.ModuleList([…])"),
        (lambda layers: {f"layer {i}": one for i, one in enumerate(layers)}, "+ self.blocks = nn.ModuleDict({…})"),
        (lambda layers: [[one] for one in layers], "+ self.blocks = nn.ModuleList([…])"),
    ],
    ids=["list", "tuple", "dictionary", "lists in a list"],
)
def test_layers_in_a_plain_container(keep: Callable[[list[nn.Module]], object], line: str) -> None:
    diagnosis = train(Stack(keep))
    assert [one.cause.name for one in diagnosis.confirmed] == ["optimizer-misses-parameters"]
    assert line in diagnosis.fix
    assert "blocks[" in str(diagnosis)


def test_layers_that_the_model_knows() -> None:
    assert accused(train(Stack(nn.ModuleList))) == []


def test_layers_in_a_plain_list_shown_by_one_batch() -> None:
    for keep, wrong in ((list, True), (nn.ModuleList, False)):
        model = Stack(keep)
        found = wiring_of(model, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1), *data())
        assert any(one.cause.name == "optimizer-misses-parameters" and one.strength == 1 for one in found) is wrong


def test_layers_given_to_the_optimizer_by_hand() -> None:
    model = Stack(list)
    hidden = [p for layer in model.layers for p in layer.parameters()]
    assert accused(train(model, torch.optim.SGD([*model.parameters(), *hidden], lr=0.1))) == []
    model = Stack(list)
    hidden = [p for layer in model.layers for p in layer.parameters()]
    assert accused(train(model, None, torch.optim.SGD(hidden, lr=0.1))) == []


def test_layers_moved_by_hand() -> None:
    model = Stack(list)
    hidden = [p for layer in model.layers for p in layer.parameters()]

    class ByHand(torch.optim.SGD):
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            super().step()
            for p in hidden:
                p.data -= 0.1 * p.grad

    assert accused(train(model, ByHand(model.parameters(), lr=0.1))) == []


def test_a_list_of_layers_that_are_registered_too() -> None:
    model = Stack(nn.ModuleList)
    model.order = list(model.layers)  # type: ignore[assignment]
    model.ends = {"first": model.blocks[0].weight}  # type: ignore[assignment, index]
    assert hidden_parameters(model) == {}
    assert accused(train(model)) == []


class Student(nn.Module):
    """A network beside a teacher that it hides in a list, so that the teacher is neither saved nor trained with it."""

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.teacher, self.body = [teacher], nn.Sequential(nn.Linear(D, D), nn.ReLU(), nn.Linear(D, D))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.teacher[0](self.body(x))  # through its weights, which stay
        return out


def teacher() -> nn.Module:
    model = Stack(nn.ModuleList)
    x, y = data()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    optimizer.zero_grad()
    return model


@pytest.mark.parametrize("how", ["through", "frozen", "random and frozen"])
def test_a_teacher_hidden_on_purpose(how: str) -> None:
    made = teacher() if how != "random and frozen" else Stack(nn.ModuleList)
    made.requires_grad_(how == "through")
    assert accused(train(Student(made))) == []


def test_a_random_network_that_gets_no_gradient() -> None:
    class Target(nn.Module):
        """Random features to be predicted (as in random network distillation), never asked for a gradient."""

        def __init__(self) -> None:
            super().__init__()
            self.fixed, self.body = [nn.Linear(D, K)], nn.Linear(D, K)

        def forward(self, x: Tensor) -> Tensor:
            return self.body(x) - self.fixed[0](x).detach()

    assert accused(train(Target())) == []


class Bare(nn.Module):
    """A matrix of its own in a list."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.matrices, self.head = [matrix], nn.Linear(D, K)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x @ self.matrices[0])


def test_bare_parameters_in_a_list() -> None:
    matrix = torch.randn(D, D) / D**0.5
    diagnosis = train(Bare(nn.Parameter(matrix)))
    assert [one.cause.name for one in diagnosis.confirmed] == ["optimizer-misses-parameters"]
    assert "+ self.matrices = nn.ParameterList([…])" in diagnosis.fix
    suspected = train(Bare(matrix.clone().requires_grad_())).suspected
    assert [one.cause.name for one in suspected] == ["optimizer-misses-parameters"]
    assert accused(train(Bare(matrix))) == []


def test_recurrent_layers_hide_nothing() -> None:
    model = nn.LSTM(4, 8, 2)
    assert hidden_parameters(model) == {}
    assert hidden_parameters(copy.deepcopy(model)) == {}
