"""Parts that are the user's own Python objects, and every sentence about parts that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from whynet.data import Dataset, from_tensors, load
from whynet.engine import arm as arm_module
from whynet.engine.arm import load_data, prepare
from whynet.engine.fit import fit
from whynet.engine.train import Watching
from whynet.errors import DataError, OptionError, RecipeError, ShapeError, TrainingError, WhynetError
from whynet.losses.cross_entropy import CrossEntropy
from whynet.losses.loss import Loss
from whynet.optimizers.adam import Adam
from whynet.optimizers.sgd import SGD
from whynet.recipe import Recipe, recipe
from whynet.task import Task
from whynet.text import Text

X = torch.randn(60, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(dim=1)


def quick(one: Recipe) -> Any:
    return fit(one, watching=Watching(evaluations=1), tier="eager")


def module() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


# --- data ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X.numpy(), Y.numpy()],
        (pd.DataFrame(X.numpy(), columns=list("abcdef")), pd.Series(Y.numpy())),
        (X.tolist(), Y.tolist()),
        TensorDataset(X, Y),
        DataLoader(TensorDataset(X, Y), batch_size=7, shuffle=True),
        lambda seed: (X, Y),
        lambda seed: from_tensors(X, Y, seed=seed),
    ],
    ids=["tensors", "arrays", "frames", "lists", "data set", "loader", "function of pairs", "function of a data set"],
)
def test_data_in_any_form(data: Any) -> None:
    """All of them are the same examples, split in the same way."""
    one = recipe(data, "softmax_regression", batch_size=10, epochs=2, seed=3)
    assert quick(one).history.loss == quick(recipe((X, Y), "softmax_regression", batch_size=10, epochs=2, seed=3)).history.loss


def test_a_data_set_is_taken_as_it_is(points: Dataset) -> None:
    assert load_data(recipe(points)) is points
    assert load_data(recipe(points, seed=4)) is points


def test_a_function_is_asked_with_the_seed() -> None:
    asked: list[int] = []

    def data(seed: int) -> Dataset:
        asked.append(seed)
        return from_tensors(X, Y, seed=seed)

    splits = [load_data(recipe(data, seed=seed)).train.index.tolist() for seed in (0, 0, 7)]
    assert asked == [0, 0, 7]
    assert splits[0] == splits[1] != splits[2]


def test_given_tensors_are_not_changed() -> None:
    x, y = X.clone(), Y.clone()
    quick(recipe((x, y), 'mlp(norm="batch")', batch_size=10, epochs=2))
    assert torch.equal(x, X)
    assert torch.equal(y, Y)


# --- models ----------------------------------------------------------------------------------------------------------


def test_a_live_module_keeps_its_weights_under_seed_0_and_shuffles_them_under_others(points: Dataset) -> None:
    own = module()
    zero, one, again = (prepare(recipe(points, own, batch_size=10, seed=seed)).network for seed in (0, 1, 1))
    assert torch.equal(zero.initial, zero.pack(own))
    assert torch.equal(one.initial, again.initial)
    for (name, a), b in zip(zero.unpack(zero.initial).items(), one.unpack(one.initial).values(), strict=True):
        assert a.ndim == 1 or not torch.equal(a, b), name  # a bias of three may well be shuffled into itself
        assert torch.equal(a.flatten().sort().values, b.flatten().sort().values), name


def test_a_live_module_takes_an_init(points: Dataset) -> None:
    own = module()
    made = prepare(recipe(points, own, init="constant(value=0.5)", batch_size=10)).network
    assert made.unpack(made.initial)["0.weight"].unique().tolist() == [0.5]
    assert made.unpack(made.initial)["0.bias"].unique().tolist() == [0.0]
    assert (own[0].weight != 0.5).all()  # type: ignore[index]


def test_a_factory_is_called_under_the_seed(points: Dataset) -> None:
    made = [prepare(recipe(points, module, batch_size=10, seed=seed)).network.initial for seed in (0, 0, 1)]
    torch.manual_seed(11)
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    state = torch.get_rng_state()
    prepare(recipe(points, module, batch_size=10))
    assert torch.equal(state, torch.get_rng_state())


def test_a_factory_may_draw_with_numpy(points: Dataset) -> None:
    def drawn() -> nn.Module:
        made = module()
        made[0].weight.data = torch.as_tensor(np.random.randn(8, 6), dtype=torch.float32)  # type: ignore[index]
        return made

    a, b = (prepare(recipe(points, drawn, batch_size=10)).network.initial for _ in range(2))
    assert torch.equal(a, b)


def test_a_class_is_a_factory(points: Dataset) -> None:
    class Mine(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)

    assert type(quick(recipe(points, Mine, batch_size=10, epochs=1)).module) is Mine


# --- losses and optimizers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [nn.CrossEntropyLoss(), F.cross_entropy, lambda f, y: F.cross_entropy(f, y), CrossEntropy(), "cross_entropy", None]
)
def test_losses_in_any_form(points: Dataset, loss: Any) -> None:
    given_loss = quick(recipe(points, "softmax_regression", loss, batch_size=10, epochs=2))
    written = quick(recipe(points, "softmax_regression", "cross_entropy", batch_size=10, epochs=2))
    assert given_loss.history == written.history


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        (lambda p: optim.SGD(p, lr=0.1), "sgd(lr=0.1)"),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), "sgd(lr=0.1, momentum=0.9, nesterov=True)"),
        (lambda p: optim.Adam(p, lr=0.01, betas=(0.8, 0.9)), "adam(lr=0.01, beta1=0.8, beta2=0.9)"),
        (lambda p: optim.AdamW(p), "adamw"),
        (lambda p: optim.RMSprop(p, lr=0.02), "rmsprop(lr=0.02)"),
    ],
)
def test_optimizers_of_torch_are_read_and_not_touched(points: Dataset, rule: Callable[..., Any], written: str) -> None:
    own = module()
    optimizer = rule(own.parameters())
    own(X).sum().backward()
    optimizer.step()
    before = repr(optimizer.state_dict())
    given_rule = quick(recipe(points, own, optimizer=optimizer, batch_size=10, epochs=2))
    assert given_rule.history == quick(recipe(points, own, optimizer=written, batch_size=10, epochs=2)).history
    assert repr(optimizer.state_dict()) == before


def test_whynets_own_rules_are_taken_too(points: Dataset) -> None:
    assert prepare(recipe(points, optimizer=SGD(0.5), batch_size=10)).optimizer == SGD(0.5)
    assert prepare(recipe(points, batch_size=10)).optimizer == Adam()


# --- what does not fit -----------------------------------------------------------------------------------------------


class NotAScalar(Loss):
    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, reduction="none")

    def units(self, task: Task) -> int:
        return task.outputs

    def decide(self, outputs: Tensor, task: Task) -> Tensor:
        return outputs.argmax(dim=1)


def frozen() -> nn.Module:
    return module().requires_grad_(False)


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(x), x


def needs_two(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets.view(-1, 2)).square().mean()


UNFIT: dict[str, tuple[str, dict[str, Any], str, str]] = {  # sentence: recipe, what it says
    "_BATCH": (
        "points",
        {"batch_size": 100},
        "batch_size is 100, but there are only 43",
        "batch_size가 100인데 학습 예제는 43개뿐",
    ),
    "_NO_VALIDATION": (
        "unvalidated",
        {"early_stopping": 3},
        "there are no validation examples",
        "검증 예제가 없다",
    ),
    "_NO_WEIGHTS": ("points", {"model": frozen}, "has no weights to train", "학습할 가중치가 없다"),
    "_LOSS": (
        "values",
        {"loss": "cross_entropy"},
        "cross_entropy does not fit regression of 2",
        "cross_entropy는 값 2개 회귀에 맞지 않",
    ),
    "_NOT_A_MODULE": (
        "points",
        {"model": lambda: 5},
        "should return an nn.Module. Received: int",
        "nn.Module을 돌려주어야 한다. 받은 것: int",
    ),
    "_FORWARD": (
        "points",
        {"model": nn.Linear(7, 3)},
        "cannot take a batch of shape (2, 6)",
        "모양 (2, 6)의 배치를 받지 못한다",
    ),
    "_NOT_A_TENSOR": (
        "points",
        {"model": Pair},
        "should return one tensor of outputs. Received: tuple",
        "출력 텐서 하나를 돌려주어야 한다",
    ),
    "_TOO_FEW_OUTPUTS": (
        "points",
        {"model": nn.Linear(6, 2)},
        "has 2 outputs, but the data has 3 classes",
        "출력은 2개인데 데이터의 클래스는 3개",
    ),
    "_LOSS_FAILED": (
        "points",
        {"loss": needs_two},
        "cannot take outputs of shape (2, 3) with targets of shape (2,)",
        "모양 (2, 3)의 출력과 모양 (2,)의 정답(int64)",
    ),
    "_NOT_A_SCALAR": (
        "points",
        {"loss": NotAScalar()},
        "should return one number. Received: a tensor of shape (2,)",
        "수 하나를 돌려주어야 한다",
    ),
}


@pytest.fixture
def unvalidated() -> Dataset:
    """Data without validation examples."""
    data = load("moons")
    return replace(data, validation=replace(data.validation, index=data.validation.index[:0]))


def refused(request: pytest.FixtureRequest, data: str, settings: dict[str, Any]) -> WhynetError:
    with pytest.raises((RecipeError, TrainingError)) as error:
        prepare(recipe(request.getfixturevalue(data), **{"batch_size": 10, **settings}))
    return error.value


def test_every_sentence_is_here() -> None:
    assert {name for name, value in vars(arm_module).items() if isinstance(value, Text)} == UNFIT.keys()


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_is_said_in_both_languages(request: pytest.FixtureRequest, name: str) -> None:
    data, settings, english, korean = UNFIT[name]
    message = refused(request, data, settings).message
    assert english in message.show("en")
    assert korean in message.show("ko")
    assert "{" not in message.show("en") + message.show("ko")
    assert message.en == getattr(arm_module, name).en


@pytest.mark.parametrize("units", [1, 2])
def test_too_few_outputs_are_refused_whatever_the_first_examples_are(units: int) -> None:
    """Cross-entropy accepts a label that its outputs reach; the examples of the last class may come late."""
    y = torch.arange(60) // 20  # sorted by class
    with pytest.raises(RecipeError, match=f"{units} outputs, but the data has 3 classes"):
        prepare(recipe((X, y), lambda: nn.Linear(6, units), batch_size=10, shuffle=False))


def test_one_output_tells_two_classes_apart_only_by_a_loss_that_reads_it_so() -> None:
    y = (torch.arange(60) >= 30).long()
    with pytest.raises(RecipeError, match="cannot take outputs of shape"):
        prepare(recipe((X, y), lambda: nn.Linear(6, 1), "cross_entropy", batch_size=10))
    assert (
        quick(recipe((X, y), lambda: nn.Linear(6, 1), nn.BCEWithLogitsLoss(), batch_size=10, epochs=1)).outcome.status
        == "finished"
    )


def test_what_fails_only_in_training_is_found_before_it(points: Dataset) -> None:
    with pytest.raises(RecipeError, match=r"cannot take a batch of shape \(1, 6\): Expected more than 1 value per channel"):
        prepare(recipe(points, 'mlp(norm="batch")', batch_size=1))
    assert quick(recipe(points, 'mlp(norm="batch")', batch_size=2, epochs=1)).outcome.status == "finished"


def test_errors_of_the_parts_come_through(points: Dataset) -> None:
    with pytest.raises(RecipeError, match="int"):
        prepare(recipe(points, optimizer=5, batch_size=10))
    with pytest.raises(RecipeError, match="LBFGS"):
        prepare(recipe(points, optimizer=optim.LBFGS(module().parameters()), batch_size=10))
    with pytest.raises(ShapeError, match="must return one number"):
        prepare(recipe(points, loss=nn.CrossEntropyLoss(reduction="none"), batch_size=10))
    with pytest.raises(DataError, match="Received only: int"):
        prepare(recipe(lambda seed: 5, batch_size=10))
    with pytest.raises(OptionError):
        recipe(points, batch_size=0)


@given(st.integers(0, 2**63 - 1))
def test_any_seed_prepares(seed: int) -> None:
    one = prepare(recipe((X, Y), "softmax_regression", batch_size=10, seed=seed))
    assert one.order(0)[0].tolist() == prepare(one.recipe).order(0)[0].tolist()
    assert torch.equal(one.network.initial, prepare(one.recipe).network.initial)
