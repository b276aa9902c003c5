"""Causes in the loss: told by its values, whoever wrote it; silent about healthy look-alikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.data import from_tensors
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.gradient_sign_flipped import GradientSignFlipped
from whynet.doctor.causes.loss_summed_not_averaged import LossSummedNotAveraged
from whynet.doctor.causes.numerically_unstable_loss import NumericallyUnstableLoss
from whynet.doctor.causes.wrong_loss import WrongLoss
from whynet.doctor.causes.wrong_output_units import WrongOutputUnits
from whynet.doctor.causes.wrong_reduction_axis import WrongReductionAxis
from whynet.doctor.examination import examine
from whynet.engine.fit import fit
from whynet.recipe import Given, Recipe, recipe
from whynet.text import use_language

LOSS: tuple[type[Cause], ...] = (
    GradientSignFlipped,
    LossSummedNotAveraged,
    NumericallyUnstableLoss,
    WrongLoss,
    WrongOutputUnits,
    WrongReductionAxis,
)


class Net(nn.Module):
    """A user's own network, whose last activation is a call inside ``forward``."""

    def __init__(self, inputs: int, units: int, last: Callable[[Tensor], Tensor], size: float = 1.0) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(inputs, 8), nn.Linear(8, units), last
        with torch.no_grad():
            self.second.weight *= size

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.second(F.relu(self.first(x))))


def two_classes() -> Any:
    x = torch.randn(120, 3, generator=torch.Generator().manual_seed(0))
    return from_tensors(x, (x[:, 0] > 0).long(), task="classify")


def values(make: Callable[[Tensor], Tensor]) -> Any:
    x = torch.randn(120, 3, generator=torch.Generator().manual_seed(0))
    return from_tensors(x, make(x), task="regress")


def short(data: Any, model: Any, loss: Any, **settings: Any) -> Recipe:
    given = data if isinstance(data, str) else Given(data, "mine")
    return recipe(given, model, loss=loss, **{"optimizer": "sgd(lr=0.1)", "steps": 5, **settings})


def speaking(one: Recipe) -> dict[str, Suspicion]:
    """The causes of this file that have anything to say for themselves."""
    seen = examine(one)
    return {cause.name: found for cause in LOSS if (found := cause().look(seen)).speaks == "for"}


def identity(z: Tensor) -> Tensor:
    return z


def by_hand(p: Tensor, y: Tensor) -> Tensor:
    t = F.one_hot(y, p.shape[1])
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()


def softmax_by_hand(f: Tensor, y: Tensor) -> Tensor:
    e = f.exp()
    return -(e / e.sum(1, keepdim=True)).log()[torch.arange(len(y)), y].mean()


LARGE = values(lambda x: 3 * x[:, :1] + 2)
SHARES = values(lambda x: torch.sigmoid(2 * x[:, :1]))
SEVERAL = values(lambda x: (x > 0).float())

FAULTS: dict[str, tuple[str, bool, Callable[[], Recipe]]] = {  # the cause, whether it is proved, the recipe
    "minus": (
        "gradient-sign-flipped",
        True,
        lambda: short("iris", lambda: Net(4, 3, identity), lambda f, y: -F.cross_entropy(f, y)),
    ),
    "a log-likelihood": (
        "gradient-sign-flipped",
        True,
        lambda: short("iris", lambda: Net(4, 3, identity), lambda f, y: f.log_softmax(1)[torch.arange(len(y)), y].mean()),
    ),
    "minus, values": ("gradient-sign-flipped", True, lambda: short(SHARES, "mlp", lambda f, y: -(f - y).square().mean())),
    "summed": (
        "loss-summed-not-averaged",
        True,
        lambda: short("iris", "mlp", "cross_entropy(reduction=sum)", batch_size="all"),
    ),
    "summed by hand": (
        "loss-summed-not-averaged",
        True,
        lambda: short("iris", "mlp", lambda f, y: F.nll_loss(f.log_softmax(1), y, reduction="sum"), batch_size="all"),
    ),
    "summed, values": ("loss-summed-not-averaged", True, lambda: short(LARGE, "mlp", "mse(reduction=sum)", batch_size="all")),
    "log of 0": (
        "numerically-unstable-loss",
        True,
        lambda: short("iris", lambda: Net(4, 3, torch.sigmoid, 300), by_hand, steps=30),
    ),
    "exp of 200": (
        "numerically-unstable-loss",
        True,
        lambda: short("iris", lambda: Net(4, 3, identity, 2000), softmax_by_hand),
    ),
    "mae on classes": ("wrong-loss", False, lambda: short("iris", "mlp(output_activation=softmax)", "mae")),
    "mse on classes": ("wrong-loss", False, lambda: short("digits", "mlp(output_activation=sigmoid)", "mse")),
    "mse on yes or no": ("wrong-loss", False, lambda: short(SEVERAL, lambda: Net(3, 3, torch.sigmoid), nn.MSELoss())),
    "BCE of values": ("wrong-loss", True, lambda: short(LARGE, lambda: Net(3, 1, identity), nn.BCEWithLogitsLoss())),
    "a hundred units": (
        "wrong-output-units",
        False,
        lambda: short("iris", lambda: Net(4, 100, identity), nn.CrossEntropyLoss()),
    ),
    "over the batch": (
        "wrong-reduction-axis",
        True,
        lambda: short("iris", lambda: Net(4, 3, lambda z: z.softmax(0)), "nll_of_probabilities"),
    ),
    "log, over the batch": (
        "wrong-reduction-axis",
        True,
        lambda: short("iris", lambda: Net(4, 3, lambda z: F.log_softmax(z, 0)), nn.NLLLoss()),
    ),
    "loss over the batch": (
        "wrong-reduction-axis",
        True,
        lambda: short("iris", lambda: Net(4, 3, identity), lambda f, y: F.nll_loss(f.log_softmax(0), y)),
    ),
}

HEALTHY: dict[str, Callable[[], Recipe]] = {
    "cross-entropy": lambda: short("iris", "mlp(widths=[8])", None),
    "smoothed": lambda: short("iris", "mlp(widths=[8])", "cross_entropy(label_smoothing=0.1)"),
    "weighted": lambda: short("iris", lambda: Net(4, 3, identity), nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0]))),
    "hinge": lambda: short("iris", "mlp(widths=[8])", "hinge"),
    "mse": lambda: short(LARGE, "mlp(widths=[8])", "mse", optimizer="sgd(lr=0.01)"),
    "mae": lambda: short(LARGE, "mlp(widths=[8])", "mae"),
    "half of mse": lambda: short(
        LARGE, "mlp(widths=[8])", lambda f, y: 0.5 * (f - y).square().mean(), optimizer="sgd(lr=0.01)"
    ),
    "shares": lambda: short(SHARES, lambda: Net(3, 1, torch.sigmoid), nn.BCELoss()),
    "several": lambda: short(SEVERAL, lambda: Net(3, 3, identity), nn.BCEWithLogitsLoss()),
    "BCE, one-hot": lambda: short("iris", lambda: Net(4, 3, identity), nn.BCEWithLogitsLoss()),
    "two units, two classes": lambda: short(two_classes(), lambda: Net(3, 2, identity), nn.CrossEntropyLoss()),
    "one unit, two classes": lambda: short(two_classes(), lambda: Net(3, 1, identity), nn.BCEWithLogitsLoss()),
    "a spare unit": lambda: short("iris", lambda: Net(4, 4, identity), nn.CrossEntropyLoss()),
    "summed, short steps": lambda: short("iris", "mlp", "cross_entropy(reduction=sum)", optimizer="sgd(lr=0.0001)"),
    "summed, adam": lambda: short("iris", "mlp", "cross_entropy(reduction=sum)", optimizer="adam"),
    "softmax by hand": lambda: short("iris", lambda: Net(4, 3, identity), softmax_by_hand),  # a danger that did not come about
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_and_nothing_else_in_the_loss(name: str) -> None:
    cause, proved, make = FAULTS[name]
    found = speaking(make())
    assert set(found) == {cause}
    assert found[cause].proved is proved
    assert found[cause].strength >= 0.5


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_loss_is_not_accused(name: str) -> None:
    assert speaking(HEALTHY[name]()) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_its_first_remedy_leaves_none_of_these_causes(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make()
    changed = next(c for c in LOSS if c.name == cause)().remedies(examine(one))[0].apply(one)
    assert changed is not None
    assert speaking(changed.change(optimizer="sgd(lr=0.01)")) == {}


@pytest.mark.parametrize("name", ["minus", "minus, values", "summed by hand", "exp of 200"])
def test_the_remedy_restores_learning(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make()
    remedy = next(c for c in LOSS if c.name == cause)().remedies(examine(one))[0]
    changed = remedy.apply(one.change(steps=400))
    assert changed is not None
    broken = fit(one.change(steps=400))
    assert fit(changed).score("test") > 0.85
    assert broken.outcome.status == "diverged" or broken.score("test") < 0.8


def test_evidence_reads_in_both_languages() -> None:
    for _, _, make in FAULTS.values():
        for suspicion in speaking(make()).values():
            for text in [
                suspicion.cause.explanation,
                *(t for e in suspicion.evidence for t in (e.what, e.observed, e.expected)),
            ]:
                assert str(text).strip()
                with use_language("ko"):
                    assert str(text).strip()
                    assert not set("{}") & set(str(text))
