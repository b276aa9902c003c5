"""The claims on noise, each a test that can fail; and what they are measured with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from whynet.engine.arm import prepare
from whynet.errors import OptionError
from whynet.questions import Answer, ask, find, pose
from whynet.questions.generalisation.layers import layers_of
from whynet.questions.generalisation.noise import CLOSE, LINEAR, ridge_apart
from whynet.questions.numbers import score_on
from whynet.recipe import recipe
from whynet.spec import Spec, parse

Answered = Callable[[str], Answer]
NAME = "noise"


# --- the claims, on the quick setting; tolerances are about the half-widths of their intervals ---------------------------


@pytest.mark.parametrize(
    ("key", "outcome", "value", "within"),
    [
        ("inputs", "held", 0.088, 0.035),
        ("gap", "held", -0.19, 0.06),
        ("robust", "held", 0.305, 0.06),
        ("too-much", "held", -0.085, 0.07),
        ("weights", "held", 0.033, 0.02),
        ("ridge", "held", 0.028, 0.02),
    ],
)
def test_what_became_of_each_claim(answered: Answered, key: str, outcome: str, value: float, within: float) -> None:
    one = answered(NAME).claim(key)
    assert one.outcome == outcome
    assert one.measured.interval.mean == pytest.approx(value, abs=within)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_ridge_solution_is_that_of_scikit_learn(answered: Answered) -> None:
    """E ‖y − w·(x + σε)‖² = ‖y − w·x‖² + nσ² ‖w‖²; the bias is free."""
    one = answered(NAME).evidence.comparisons["ridge"]
    apart = ridge_apart(one)
    for fitted, measured in zip(one.arms["noise"], apart, strict=True):
        x, y = fitted.dataset.train.x.double().numpy(), fitted.dataset.train.y.double().numpy().ravel()
        known = Ridge(alpha=len(x) * LINEAR**2).fit(x, y).coef_
        learned = next(part.detach().numpy().ravel() for part in fitted.module.parameters() if part.ndim == 2)
        assert measured == pytest.approx(np.linalg.norm(learned - known) / np.linalg.norm(known), rel=1e-4)


def test_without_noise_the_linear_network_is_not_ridge() -> None:
    """Least squares lies far from it, so coming near is no accident."""
    from whynet.experiment.compare import compare_levels
    from whynet.experiment.factor import Level

    plain = recipe("diabetes", "sequential([noise(std=0.0)])", optimizer="sgd(lr=0.02)", batch_size="all", steps=600)
    assert ridge_apart(compare_levels([Level("noise", plain)], ["model"], 2)).min() > CLOSE


@pytest.mark.parametrize("model", ["mlp(widths=[8])", 'mlp(widths=[8, 4], activation="tanh")', "mlp(widths=[])"])
def test_the_layers_of_an_mlp_are_the_mlp(model: str) -> None:
    """The same weights give the same answers."""
    made = Spec("sequential", {"layers": list(layers_of(parse(model)))})
    ours, theirs = (prepare(recipe("digits", one)) for one in (made, model))
    assert torch.equal(ours.network.initial, theirs.network.initial)
    x = ours.dataset.test.x[:20]
    modules = [arm.network.load(arm.network.initial, arm.network.buffers) for arm in (ours, theirs)]
    torch.testing.assert_close(modules[0](x), modules[1](x))


def test_undamaged_inputs_give_the_test_score(answered: Answered) -> None:
    evidence = answered(NAME).evidence
    one, table = evidence.comparisons["inputs"], evidence.tables["damaged"]
    for level, arms in one.arms.items():
        own = table[(table["level"] == level) & (table["damage"] == 0)]["score"]
        np.testing.assert_allclose(own, one.values[level], atol=1e-9)
        assert score_on(arms[0], arms[0].dataset.test.x) == pytest.approx(one.values[level][0])


def test_another_model_is_refused() -> None:
    with pytest.raises(OptionError, match="mlp"):
        pose(find(NAME), {"model": "lenet5"})


def test_it_takes_values_to_predict_too() -> None:
    answer = ask(NAME, quick=True, data="diabetes", seeds=2, steps=5)
    assert all(one.outcome == "undecided" for one in answer.claims)
