"""Causes at the output: proved where they follow from how the network is built, silent about healthy look-alikes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from whynet.data import from_tensors
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.activation_on_logits import ActivationOnLogits
from whynet.doctor.causes.missing_output_activation import MissingOutputActivation
from whynet.doctor.causes.output_activation_range_mismatch import OutputActivationRangeMismatch
from whynet.doctor.causes.softmax_before_logits_loss import SoftmaxBeforeLogitsLoss
from whynet.doctor.causes.softmax_on_single_unit import SoftmaxOnSingleUnit
from whynet.doctor.causes.wrong_output_activation import WrongOutputActivation
from whynet.doctor.examination import Examination, examine
from whynet.doctor.facts.ending import ending
from whynet.doctor.facts.loss import loss_fact
from whynet.engine.fit import fit
from whynet.recipe import Given, Recipe, recipe
from whynet.text import use_language

OUTPUT: tuple[type[Cause], ...] = (
    SoftmaxBeforeLogitsLoss,
    SoftmaxOnSingleUnit,
    OutputActivationRangeMismatch,
    ActivationOnLogits,
    MissingOutputActivation,
    WrongOutputActivation,
)


class Net(nn.Module):
    """A user's own network, whose last activation is a call inside ``forward``."""

    def __init__(self, inputs: int, units: int, last: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(inputs, 8), nn.Linear(8, units), last

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
    return recipe(given, model, loss=loss, **{"optimizer": "sgd(lr=0.1)", "steps": 3, **settings})


def speaking(one: Recipe) -> dict[str, Suspicion]:
    """The causes of this file that have anything to say for themselves."""
    seen = examine(one)
    return {cause.name: found for cause in OUTPUT if (found := cause().look(seen)).speaks == "for"}


def identity(z: Tensor) -> Tensor:
    return z


def softmax(z: Tensor) -> Tensor:
    return z.softmax(dim=1)


NEGATIVE = values(lambda x: x[:, :1])
COUNTS = values(lambda x: x[:, :1].abs().mul(3).round())
LARGE = values(lambda x: x[:, :1].square() * 9 + 3)
SHARES = values(lambda x: torch.sigmoid(2 * x[:, :1]))
SEVERAL = values(lambda x: (x > 0).float())

FAULTS: dict[str, tuple[str, bool, Callable[[], Recipe]]] = {  # the cause, whether it is proved, the recipe
    "softmax, 1 unit": (
        "softmax-on-single-unit",
        True,
        lambda: short(two_classes(), lambda: Net(3, 1, softmax), nn.BCELoss()),
    ),
    "softmax, 1 value": (
        "softmax-on-single-unit",
        True,
        lambda: short(NEGATIVE, "mlp(widths=[8], output_activation=softmax)", "mse"),
    ),
    "relu, negative": (
        "output-activation-range-mismatch",
        True,
        lambda: short(NEGATIVE, "mlp(widths=[8], output_activation=relu)", "mse"),
    ),
    "sigmoid, large": (
        "output-activation-range-mismatch",
        True,
        lambda: short(LARGE, lambda: Net(3, 1, torch.sigmoid), nn.MSELoss()),
    ),
    "tanh, large": (
        "output-activation-range-mismatch",
        True,
        lambda: short(LARGE, "sequential([linear(8), relu, linear(1), tanh])", "mae"),
    ),
    "sigmoid on logits": (
        "activation-on-logits",
        True,
        lambda: short("iris", "mlp(widths=[8], output_activation=sigmoid)", None),
    ),
    "tanh on logits": ("activation-on-logits", True, lambda: short("iris", lambda: Net(4, 3, torch.tanh), F.cross_entropy)),
    "relu on a logit": (
        "activation-on-logits",
        True,
        lambda: short(two_classes(), lambda: Net(3, 1, F.relu), nn.BCEWithLogitsLoss()),
    ),
    "relu on logits": ("activation-on-logits", False, lambda: short("iris", lambda: Net(4, 3, F.relu), nn.CrossEntropyLoss())),
    "softmax twice": (
        "softmax-before-logits-loss",
        True,
        lambda: short("iris", lambda: Net(4, 3, softmax), nn.CrossEntropyLoss()),
    ),
    "softmax twice, own loss": (
        "softmax-before-logits-loss",
        True,
        lambda: short("iris", lambda: Net(4, 3, softmax), lambda f, y: F.nll_loss(f.log_softmax(1), y)),
    ),
    "no softmax": ("missing-output-activation", True, lambda: short("iris", "mlp(widths=[8])", "nll_of_probabilities")),
    "no log_softmax": ("missing-output-activation", True, lambda: short("iris", lambda: Net(4, 3, identity), nn.NLLLoss())),
    "no sigmoid": (
        "missing-output-activation",
        True,
        lambda: short(two_classes(), "mlp(widths=[8])", "binary_cross_entropy_of_probabilities"),
    ),
    "by hand": (
        "missing-output-activation",
        True,
        lambda: short("iris", lambda: Net(4, 3, identity), lambda p, y: -(F.one_hot(y, 3) * p.log()).sum(1).mean()),
    ),
    "tanh, probability": (
        "wrong-output-activation",
        True,
        lambda: short(two_classes(), lambda: Net(3, 1, torch.tanh), "binary_cross_entropy_of_probabilities"),
    ),
    "softmax, NLLLoss": ("wrong-output-activation", True, lambda: short("iris", lambda: Net(4, 3, softmax), nn.NLLLoss())),
    "sigmoid a class": (
        "wrong-output-activation",
        True,
        lambda: short("iris", "mlp(widths=[8], output_activation=sigmoid)", "nll_of_probabilities"),
    ),
    "softmax, several": ("wrong-output-activation", True, lambda: short(SEVERAL, lambda: Net(3, 3, softmax), nn.BCELoss())),
}

HEALTHY: dict[str, Callable[[], Recipe]] = {
    "logits": lambda: short("iris", "mlp(widths=[8])", None),
    "hidden sigmoid": lambda: short("iris", 'mlp(widths=[8], activation="sigmoid")', "cross_entropy"),
    "log_softmax, cross-entropy": lambda: short("iris", lambda: Net(4, 3, lambda z: z.log_softmax(1)), nn.CrossEntropyLoss()),
    "log_softmax, NLLLoss": lambda: short("iris", lambda: Net(4, 3, lambda z: z.log_softmax(1)), nn.NLLLoss()),
    "softmax, nll": lambda: short("iris", "mlp(widths=[8], output_activation=softmax)", "nll_of_probabilities"),
    "softmax, mse": lambda: short("iris", "mlp(widths=[8], output_activation=softmax)", "mse"),
    "linear, mse on classes": lambda: short("iris", "mlp(widths=[8])", "mse"),
    "sigmoid, BCE": lambda: short(two_classes(), lambda: Net(3, 1, torch.sigmoid), nn.BCELoss()),
    "squeezed logit": lambda: short(two_classes(), lambda: Net(3, 1, lambda z: z.squeeze(1)), nn.BCEWithLogitsLoss()),
    "several at once": lambda: short(SEVERAL, lambda: Net(3, 3, torch.sigmoid), nn.BCELoss()),
    "several, logits": lambda: short(SEVERAL, lambda: Net(3, 3, identity), nn.BCEWithLogitsLoss()),
    "linear regression": lambda: short(NEGATIVE, "linear_regression", "mse"),
    "relu, counts": lambda: short(COUNTS, "mlp(widths=[8], output_activation=relu)", "mse"),
    "sigmoid, shares": lambda: short(SHARES, "mlp(widths=[8], output_activation=sigmoid)", "mse"),
    "leaky logits": lambda: short("iris", lambda: Net(4, 3, F.leaky_relu), nn.CrossEntropyLoss()),
    "hinge": lambda: short("moons", "mlp(widths=[8])", "hinge"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_and_nothing_else_at_the_output(name: str) -> None:
    cause, proved, make = FAULTS[name]
    found = speaking(make())
    assert set(found) == {cause}
    assert found[cause].proved is proved
    assert found[cause].strength > 0.5


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_output_is_not_accused(name: str) -> None:
    assert speaking(HEALTHY[name]()) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_its_first_remedy_leaves_none_of_these_causes(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make()
    seen = examine(one)
    remedies = next(c for c in OUTPUT if c.name == cause)().remedies(seen)
    changed = remedies[0].apply(one)
    assert changed is not None
    assert speaking(changed) == {}


@pytest.mark.parametrize("name", ["softmax, 1 unit", "softmax, 1 value", "relu, negative", "no log_softmax"])
def test_the_remedy_restores_learning(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make().change(steps=300)
    seen: Examination = examine(one.change(steps=3))
    changed = next(c for c in OUTPUT if c.name == cause)().remedies(seen)[0].apply(one)
    assert changed is not None
    assert fit(changed).score("test") > 0.85 > fit(one).score("test") + 0.1


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


# --- facts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "name", "low", "high"),
    [
        (identity, "linear", -torch.inf, torch.inf), (torch.sigmoid, "sigmoid", 0, 1), (torch.tanh, "tanh", -1, 1),
        (F.relu, "relu", 0, torch.inf), (F.relu6, "hardtanh", 0, 6), (lambda z: z.clamp(-2, 3), "clamp", -2, 3),
        (softmax, "softmax", 0, 1), (lambda z: F.relu(z).reshape(-1, 3), "relu", 0, torch.inf), (F.silu, "silu", -0.2785, torch.inf),
        (lambda z: 10 * torch.sigmoid(z), "other", -torch.inf, torch.inf), (F.elu, "elu", -1, torch.inf),
    ],
)  # fmt: skip
def test_the_last_operation_and_its_range(last: Callable[[Tensor], Tensor], name: str, low: float, high: float) -> None:
    found = ending(examine(short("iris", lambda: Net(4, 3, last), nn.MSELoss())))
    assert (found.name, found.low, found.high) == (name, low, high)
    z = torch.linspace(-50, 50, 3003).view(-1, 3)
    assert bool((last(z) >= low).all())
    assert bool((last(z) <= high).all())


@pytest.mark.parametrize(
    ("loss", "kind", "factor", "summed"),
    [
        ("cross_entropy", "cross_entropy", 1, False), (nn.CrossEntropyLoss(reduction="sum"), "cross_entropy", 1, True),
        (lambda f, y: -F.cross_entropy(f, y), "cross_entropy", -1, False), ("mse", "mse", 1, False),
        (lambda f, y: 0.5 * (f - F.one_hot(y, 3)).square().mean(), "mse", 0.5, False), ("mae", "mae", 1, False),
        (lambda f, y: (f - F.one_hot(y, 3)).square().sum(), "mse", 3, True), (nn.NLLLoss(), "nll_of_log_probabilities", 1, False),
        ("nll_of_probabilities", "nll_of_probabilities", 1, False), (nn.BCELoss(), "binary_cross_entropy_of_probabilities", 1, False),
        (nn.BCEWithLogitsLoss(), "binary_cross_entropy", 1, False), (lambda f, y: f.square().mean(), "", 1, False),
    ],
)  # fmt: skip
def test_a_loss_is_known_by_its_values(loss: Any, kind: str, factor: float, summed: bool) -> None:
    found = loss_fact(examine(short("iris", lambda: Net(4, 3, torch.sigmoid), loss)))
    assert (found.kind, found.factor, found.summed) == (kind, pytest.approx(factor, rel=1e-3), summed)
