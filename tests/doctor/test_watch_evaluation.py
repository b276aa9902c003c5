"""What a loop does with its data and its metric: modes, order, overlap, accuracy; each faulty, and healthy as a look-alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.loop_diagnosis import LoopDiagnosis
from whynet.doctor.watch import Watch

N, D, K = 320, 12, 3


def points(seed: int = 0, n: int = N) -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(n, D, generator=made)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()


def batches(x: Tensor, y: Tensor, size: int = 32, shuffle: bool = True) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
    for part in order.split(size):
        yield x[part], y[part]


def dropped(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(D, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, K))


def accused(diagnosis: LoopDiagnosis) -> list[str]:
    return [one.cause.name for one in [*diagnosis.confirmed, *diagnosis.suspected]]


def confirmed(diagnosis: LoopDiagnosis) -> list[str]:
    return [one.cause.name for one in diagnosis.confirmed]


Evaluate = Callable[[Watch, nn.Module, Tensor, Tensor], None]


def right(out: Tensor, y: Tensor) -> Tensor:
    return (out.argmax(dim=1) == y).float().mean()


def properly(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
    model.eval()
    with torch.no_grad():
        total = sum(float(right(model(a), b)) * len(b) for a, b in batches(x, y, shuffle=False))
    model.train()
    w.note(accuracy=total / len(y))


def loop(
    evaluate: Evaluate = properly,
    train: tuple[Tensor, Tensor] | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
    model: nn.Module | None = None,
    epochs: int = 4,
    shuffle: bool = True,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
) -> LoopDiagnosis:
    model = model or dropped()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with whynet.watch(model, optimizer) as w:
        for _ in range(epochs):
            for a, b in batches(*(train or points()), shuffle=shuffle):
                optimizer.zero_grad()
                loss(model(a), b).backward()
                optimizer.step()
            evaluate(w, model, *(validation or points(1, 100)))
    return w.diagnosis


def test_a_healthy_evaluation_is_cleared() -> None:
    diagnosis = loop()
    assert accused(diagnosis) == []
    assert {"batchnorm-train-eval-gap", "validation-overlaps-train", "wrong-metric"} <= {
        one.cause.name for one in diagnosis.cleared
    }


# --- modes -----------------------------------------------------------------------------------------------------------


def never_back(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
    properly(w, model, x, y)
    model.eval()


def with_dropout_on(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
    with torch.no_grad():
        for a, b in batches(x, y):
            right(model(a), b)


def with_graph_and_dropout(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
    for a, b in batches(x, y):
        F.cross_entropy(model(a), b).item()


@pytest.mark.parametrize("evaluate", [never_back, with_dropout_on, with_graph_and_dropout])
def test_the_wrong_mode(evaluate: Evaluate) -> None:
    assert confirmed(loop(evaluate)) == ["batchnorm-train-eval-gap"]


def test_a_batch_normalisation_that_never_counts() -> None:
    model = dropped().eval()
    assert "batchnorm-train-eval-gap" in confirmed(loop(lambda *_: None, model=model))


def test_modes_do_not_matter_without_dropout_and_batch_normalisation() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, K))
    assert accused(loop(never_back, model=model)) == []


def test_fine_tuning_with_batch_normalisation_held_is_no_fault() -> None:
    model = dropped()
    loop(model=model)

    class Held(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

        def train(self, mode: bool = True) -> Held:
            super().train(mode)
            self.inner[1].eval()
            return self

    assert accused(loop(model=Held().train())) == []


def test_dropout_kept_for_averaging_is_no_fault() -> None:
    def averaged(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
        with torch.no_grad():
            model.eval()
            right(model(x), y)
            model.train()
            right(torch.stack([model(x) for _ in range(5)]).mean(0), y)

    assert accused(loop(averaged)) == []


# --- data ------------------------------------------------------------------------------------------------------------


def by_class(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    order = y.argsort()
    return x[order], y[order]


def test_sorted_classes() -> None:
    diagnosis = loop(train=by_class(*points()), shuffle=False)
    assert confirmed(diagnosis) == ["data-not-shuffled"]
    assert accused(loop(train=by_class(*points()))) == []


def test_an_order_that_is_random_already_is_no_fault() -> None:
    assert accused(loop(shuffle=False)) == []


def test_rare_classes_are_no_fault() -> None:
    x, _ = points()
    assert accused(loop(train=(x, (x[:, 0] > 1.8).long()), evaluate=lambda *_: None)) == []


def test_a_series_in_time_is_no_fault() -> None:
    time = torch.linspace(0, 20, N)
    x = torch.stack([(time + shift).sin() for shift in range(D)], dim=1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Linear(16, 1))
    series = x, (time + D).sin()[:, None]
    assert accused(loop(lambda *_: None, train=series, model=model, shuffle=False, loss=F.mse_loss)) == []


def test_labels_shuffled_apart() -> None:
    model, (x, y) = dropped(), points()
    optimizer = torch.optim.Adam(model.parameters())
    with whynet.watch(model, optimizer) as w:
        for _ in range(6):
            for a, b in batches(x, y[torch.randperm(N)]):
                optimizer.zero_grad()
                F.cross_entropy(model(a), b).backward()
                optimizer.step()
    assert confirmed(w.diagnosis) == ["labels-misaligned"]


def test_a_validation_set_that_overlaps() -> None:
    x, y = points()
    new, answers = points(1, 60)
    mixed = torch.cat([x[:60], new]), torch.cat([y[:60], answers])
    order = torch.randperm(120)
    assert confirmed(loop(validation=(mixed[0][order], mixed[1][order]))) == ["validation-overlaps-train"]


def test_only_training_examples_evaluated_is_a_suspicion() -> None:
    diagnosis = loop(validation=points())
    assert confirmed(diagnosis) == []
    assert accused(diagnosis) == ["validation-overlaps-train"]


def test_both_sets_evaluated_is_no_fault() -> None:
    def both(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
        properly(w, model, *points())
        properly(w, model, x, y)

    assert accused(loop(both)) == []


def test_few_different_inputs_are_no_overlap() -> None:
    x = torch.randint(0, 2, (N, 6), generator=torch.Generator().manual_seed(0)).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 32), nn.Dropout(0.1), nn.ReLU(), nn.Linear(32, K))
    data = x, x[:, :2].sum(dim=1).long()
    assert accused(loop(train=data, validation=(data[0][:100], data[1][:100]), model=model)) == []


# --- the metric --------------------------------------------------------------------------------------------------------


def evaluated(count: Callable[[Tensor, Tensor], object]) -> Evaluate:
    def evaluate(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
        model.eval()
        with torch.no_grad():
            for a, b in batches(x, y):
                count(model(a), b)
        model.train()

    return evaluate


@pytest.mark.parametrize(
    "count",
    [
        lambda out, y: (out.argmax(0)[:1] == y[:1]).sum(),
        lambda out, y: (out.max(dim=0).indices[:1] == y[:1]).sum(),
        lambda out, y: (out[:, 0] == y).sum(),
        lambda out, y: (out.argmax(dim=1, keepdim=True) == y).float().mean(),
    ],
    ids=["argmax over the batch", "max over the batch", "outputs as they are", "all with all"],
)
def test_an_accuracy_counted_wrongly(count: Callable[[Tensor, Tensor], object]) -> None:
    assert confirmed(loop(evaluated(count))) == ["wrong-metric"]


@pytest.mark.parametrize(
    "count",
    [
        lambda out, y: (out.argmax(-1) == y).sum(),
        lambda out, y: (torch.max(out, 1)[1] == y).sum(),
        lambda out, y: out.argmax(1).eq(y).sum(),
        lambda out, y: (out.softmax(1).argmax(1) == y).sum(),
        lambda out, y: (out.topk(2, dim=1).indices == y[:, None]).any(dim=1).sum(),
        lambda out, y: (out.argmax(dim=1, keepdim=True) == y.view(-1, 1)).sum(),
        lambda out, y: (out.cpu().numpy().argmax(1) == y.numpy()).sum(),
    ],
)
def test_an_accuracy_counted_rightly(count: Callable[[Tensor, Tensor], object]) -> None:
    assert accused(loop(evaluated(count))) == []


def test_a_reported_accuracy_is_held_against_the_counted_one() -> None:
    def boasting(w: Watch, model: nn.Module, x: Tensor, y: Tensor) -> None:
        model.eval()
        with torch.no_grad():
            total = sum(float((model(a).argmax(dim=1) == b).sum()) for a, b in batches(x, y))
        model.train()
        w.note(accuracy=total / 32)  # over a batch, in place of all

    diagnosis = loop(boasting)
    assert "wrong-metric" in confirmed(diagnosis)


@pytest.mark.parametrize(
    ("cut", "end", "loss", "wrong"),
    [
        (lambda out: (out > 0.5).float(), nn.Identity(), F.binary_cross_entropy_with_logits, True),
        (lambda out: out.round(), nn.Identity(), F.binary_cross_entropy_with_logits, True),
        (lambda out: (out > 0).float(), nn.Sigmoid(), F.binary_cross_entropy, True),
        (lambda out: (out > 0).float(), nn.Identity(), F.binary_cross_entropy_with_logits, False),
        (lambda out: (out.sigmoid() > 0.5).float(), nn.Identity(), F.binary_cross_entropy_with_logits, False),
        (lambda out: out.round(), nn.Sigmoid(), F.binary_cross_entropy, False),
        (lambda out: (out > 0.3).float(), nn.Sigmoid(), F.binary_cross_entropy, False),
    ],
)
def test_thresholds(
    cut: Callable[[Tensor], Tensor], end: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], wrong: bool
) -> None:
    assert confirmed(yes_no(cut, end, loss)) == (["wrong-metric-threshold"] if wrong else [])


def yes_no(cut: Callable[[Tensor], Tensor], end: nn.Module, loss: Callable[[Tensor, Tensor], Tensor]) -> LoopDiagnosis:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(D, 16), nn.ReLU(), nn.Linear(16, 1), end)
    (x, y), (new, answers) = points(), points(1, 100)
    count = evaluated(lambda out, b: (cut(out) == b).float().mean())
    return loop(count, (x, (y > 0).float()[:, None]), (new, (answers > 0).float()[:, None]), model, loss=loss)
