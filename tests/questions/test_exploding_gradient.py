"""The claims on exploding gradients, each a test that can fail; and what they are measured with, against plain torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from whynet.engine.arm import prepare
from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.deep_trouble.exploding_gradient import PATHS, REMEDIES, growth
from whynet.recipe import diff, recipe, with_seed

Answered = Callable[[str], Answer]
NAME = "exploding-gradient"
DEEP = recipe("digits", "mlp(widths=[64] * 10)", optimizer="sgd(lr=0.1)", epochs=10, init="normal(std=0.3)")


def number(answer: Answer, key: str) -> tuple[str, float, float, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_the_gradient_grows_with_every_layer(answered: Answered) -> None:
    """1.7 by theory; a softmax that is not yet sure of itself at depth 1 passes less back, so a little more is measured."""
    outcome, mean, low, _ = number(answered(NAME), "grows")
    assert (outcome, low > 1) == ("held", True)
    assert mean == pytest.approx(1.80, abs=0.2)
    assert number(answered(NAME), "predicted")[0] == "undecided"


def test_ten_layers_end_in_nan_on_every_seed(answered: Answered) -> None:
    assert number(answered(NAME), "diverges") == ("held", 1.0, 1.0, 1.0)


def test_clipping_keeps_it_alive_and_does_not_mend_it(answered: Answered) -> None:
    """Two thirds of the way are brought back: the signal is as large as before."""
    outcome, mean, low, high = number(answered(NAME), "clip")
    assert (outcome, high < 0.8) == ("did not hold", True)
    assert mean == pytest.approx(0.70, abs=0.08)
    assert low > 0.3


@pytest.mark.parametrize("key", ["rate", "skip"])
def test_what_leaves_the_signal_large_mends_nothing(answered: Answered, key: str) -> None:
    outcome, mean, _, _ = number(answered(NAME), key)
    assert outcome == "did not hold"
    assert answered(NAME).claim(key).claim.saying
    assert mean == pytest.approx(0.0, abs=0.05)


def test_what_brings_the_signal_to_size_mends_it(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "batch-norm")
    assert (outcome, low >= 0.8) == ("held", True)
    assert mean == pytest.approx(1.0, abs=0.06)
    outcome, mean, _, _ = number(answered(NAME), "he")  # its lower end just misses the mark on five seeds
    assert outcome == "undecided"
    assert mean == pytest.approx(0.91, abs=0.12)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_measured_gradient_is_that_of_plain_torch(answered: Answered) -> None:
    arm = prepare(with_seed(DEEP, 0))
    module = arm.network.load(arm.network.initial, arm.network.buffers)
    positions = arm.order(0)[0]
    loss = nn.functional.cross_entropy(module(arm.dataset.train.pool_x[positions]), arm.dataset.train.pool_y[positions])
    loss.backward()
    layers = [part for part in module.modules() if isinstance(part, nn.Linear)]
    squared = [sum(float((p.grad**2).sum()) for p in layer.parameters() if p.grad is not None) for layer in layers]
    measured = answered(NAME).evidence.tables["whole"].query("level == 10 and seed == 0")["norm"].item()
    assert measured == pytest.approx(float(np.sqrt(np.mean(squared))), rel=1e-3)


def test_the_factor_of_a_steady_growth() -> None:
    rows = [(depth, seed, (1 + seed) * 1.5**depth) for depth in (1, 4, 10) for seed in range(3)]
    np.testing.assert_allclose(growth(pd.DataFrame(rows, columns=["level", "seed", "norm"])), 1.5)


def test_the_prediction_is_what_a_layer_does_to_a_signal() -> None:
    question = pose(find(NAME), {"std": 0.2, "model": "mlp(widths=[128])"})
    draws = torch.Generator().manual_seed(0)
    h = torch.relu(torch.randn(4000, 128, generator=draws))
    after = torch.relu(h @ (0.2 * torch.randn(128, 128, generator=draws)))
    ratio = float((after.pow(2).mean() / h.pow(2).mean()).sqrt())
    assert ratio == pytest.approx(question.predicted, rel=0.05)  # type: ignore[attr-defined]


def test_every_remedy_changes_one_thing() -> None:
    for one in REMEDIES:
        paths = {difference.path for difference in diff(DEEP, one.change(DEEP))}
        assert len(paths) == 1
        assert paths <= set(PATHS)


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"depths": [1, 2]}, {"std": 0}, {"std": -1.0}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_a_bounded_activation_is_given_no_prediction() -> None:
    question = pose(find(NAME), {"model": "mlp(widths=[32], activation=tanh)"})
    assert "predicted" not in {claim.key for claim in question.claims()}
