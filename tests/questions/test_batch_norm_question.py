"""The claims on batch norm, each a test that can fail; and its two ways to answer, against plain torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.deep_trouble.batch_norm import RATES, key, modes, working

Answered = Callable[[str], Answer]
NAME = "batch-norm"


def number(answer: Answer, which: str) -> tuple[str, float, float, float]:
    one = answer.claim(which)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_more_and_larger_rates_work(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "more-rates")
    assert (outcome, low > 0) == ("held", True)
    assert mean == pytest.approx(1.2, abs=1.0)
    outcome, mean, low, _ = number(answered(NAME), "largest-rate")
    assert (outcome, low > 0.3) == ("held", True)
    assert mean == pytest.approx(0.65, abs=0.18)


def test_a_healthy_network_gains_too_after_six_epochs(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "always")
    assert (outcome, low > 0) == ("held", True)
    assert mean == pytest.approx(0.13, abs=0.08)


def test_in_batches_of_two_it_does_harm(answered: Answered) -> None:
    """Two examples tell only which is larger; the network without a norm and that with layer norm are far ahead."""
    outcome, mean, _, high = number(answered(NAME), "any-batch")
    assert (outcome, high < -0.05) == ("did not hold", True)
    assert answered(NAME).claim("any-batch").claim.saying
    assert mean == pytest.approx(-0.38, abs=0.14)
    outcome, mean, low, _ = number(answered(NAME), "layer-small")
    assert (outcome, low > 0) == ("held", True)
    assert mean == pytest.approx(0.37, abs=0.18)


def test_trained_in_large_batches_it_answers_in_use_as_in_training(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "same-in-use")
    assert outcome == "held"
    assert mean == pytest.approx(0.0, abs=0.02)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_two_modes_are_those_of_plain_torch(answered: Answered) -> None:
    fitted = answered(NAME).evidence.comparisons["size"].arms[key("batch", 2)][0]
    module, examples = fitted.module, fitted.dataset.test
    use = float((module(examples.x).argmax(1) == examples.y).float().mean())
    h = examples.x.flatten(1)
    with torch.no_grad():
        for block in module.hidden:  # type: ignore[union-attr]
            z = block.linear(h)
            z = (z - z.mean(0)) / (z.var(0, correction=0) + block.norm.eps).sqrt() * block.norm.weight + block.norm.bias
            h = torch.relu(z)
        training = float((module.head(h).argmax(1) == examples.y).float().mean())  # type: ignore[operator]
    assert modes(fitted) == pytest.approx((use, training), abs=1e-3 + 1.01 / len(examples))  # rounding may move one answer


def test_measuring_the_modes_leaves_the_network_as_it_was(answered: Answered) -> None:
    fitted = answered(NAME).evidence.comparisons["size"].arms[key("batch", 64)][0]
    assert modes(fitted) == modes(fitted)


def test_a_layer_with_batch_norm_does_not_see_the_size_of_its_weights() -> None:
    """BN(c·W x) = BN(W x), and the gradient is c times smaller."""
    draws = torch.Generator().manual_seed(0)
    x, w = torch.randn(32, 5, generator=draws), torch.randn(3, 5, generator=draws)
    norm, gradients, outputs = nn.BatchNorm1d(3, eps=1e-10), [], []
    for c in (1.0, 10.0):
        weight = (c * w).requires_grad_()
        outputs.append(norm(x @ weight.T))
        gradients.append(torch.autograd.grad((outputs[-1] ** 3).sum(), weight)[0])
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradients[0], 10 * gradients[1], rtol=1e-3, atol=1e-3)


def test_a_rate_works_that_brings_most_of_the_best(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["rate"]
    best = max(np.mean(one.values[key("batch", rate)]) for rate in RATES)
    least = one.chance + 0.8 * (best - one.chance)
    expected = [sum(one.values[key("batch", rate)][seed] >= least for rate in RATES) for seed in range(len(one.seeds))]
    np.testing.assert_array_equal(working(one, "batch"), expected)


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"model": "mlp(norm=layer)"}, {"batches": [8]}, {"batches": [1, 8]}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", model="mlp(widths=[8])", seeds=2, epochs=1)
    assert "r²" in answer.verdict.show("en")
    assert answer.evidence.tables["modes"]["training"].between(-1, 1).all()
