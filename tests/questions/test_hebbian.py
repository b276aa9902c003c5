"""The claims on the sign-product rule, each a test that can fail; and the networks it is asked of, against the rule by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.engine.arm import prepare
from whynet.engine.fit import fit
from whynet.questions import Answer, find, pose
from whynet.questions.training.hebbian import HebbianQuestion, likeness_to_means

Answered = Callable[[str], Answer]
NAME = "hebbian"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_one_layer_of_sign_products_comes_most_of_the_way(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "half-the-way")
    assert outcome == "held"
    assert mean == pytest.approx(0.89, abs=0.08)


def test_the_product_rule_learns_the_means_of_the_classes(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "class-means")
    assert outcome == "held"
    assert mean == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("key", "gain"), [("error-is-better", 0.114), ("magnitudes-help", 0.048)])
def test_errors_and_magnitudes_help(answered: Answered, key: str, gain: float) -> None:
    outcome, mean = number(answered(NAME), key)
    assert outcome == "held"
    assert mean == pytest.approx(gain, abs=0.04)


def test_a_hidden_layer_left_to_the_rule_is_worse_than_a_random_one(answered: Answered) -> None:
    """The saying is false: its units all turn the same way, and nothing but that pattern is left to read."""
    outcome, mean = number(answered(NAME), "builds-features")
    assert answered(NAME).claim("builds-features").claim.saying
    assert outcome == "did not hold"
    assert mean == pytest.approx(-0.58, abs=0.07)
    outcome, mean = number(answered(NAME), "alike")
    assert outcome == "held"
    assert mean == pytest.approx(1, abs=0.02)


def test_xor_is_undecided_between_luck_and_nothing(answered: Answered) -> None:
    """Five seeds of 80 test examples: 5 points above chance, with an interval from -20 to +30."""
    outcome, mean = number(answered(NAME), "xor")
    assert outcome == "undecided"
    assert mean == pytest.approx(0.05, abs=0.25)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_two_steps_of_the_network_are_the_rule_by_hand() -> None:
    """Both layers: Δw = η · mean of post · pre, of signs in the hidden layer, of the wanted ±1 and signs above it."""
    recipe = HebbianQuestion(data="iris", width=5).on_data["hidden"].change(batch_size="all", steps=2)
    arm = prepare(recipe)
    index = arm.dataset.train.index
    x, y = arm.dataset.train.pool_x[index].sign(), arm.dataset.train.pool_y[index]
    module = arm.network.load(arm.network.initial, arm.network.buffers)
    hidden, head, bias = (p.detach().clone() for p in module.parameters())
    wanted = 2 * torch.nn.functional.one_hot(y, 3).float() - 1
    for _ in range(2):
        z = (x @ hidden.T).sign()
        moved = 0.3 * z.T @ x / len(x)
        head, bias = head + 0.3 * wanted.T @ z / len(x) / 3, bias + 0.3 * wanted.mean(dim=0) / 3
        hidden = hidden + moved
    trained = list(fit(recipe).module.parameters())
    for found, expected in zip(trained, (hidden, head, bias), strict=True):
        torch.testing.assert_close(found.detach(), expected, rtol=1e-4, atol=1e-5)


def test_the_likeness_is_a_cosine_to_the_sum_of_wanted_times_input(answered: Answered) -> None:
    one = answered(NAME).evidence.comparisons["data"].arms["product"][0]
    train = one.dataset.train
    x, y = (part[train.index].numpy() for part in (train.pool_x.flatten(1), train.pool_y))
    weight = next(p for p in one.module.parameters() if p.ndim == 2).detach().numpy()
    cosines = []
    for k in range(10):
        pointed = x[y == k].sum(axis=0) - x[y != k].sum(axis=0)
        cosines.append(weight[k] @ pointed / np.linalg.norm(weight[k]) / np.linalg.norm(pointed))
    assert likeness_to_means(one) == pytest.approx(np.mean(cosines), rel=1e-4)


def test_it_takes_two_classes_too() -> None:
    question = pose(find(NAME), {"data": "and_gate"})
    assert isinstance(question, HebbianQuestion)
    arm = fit(question.on_data["product"].change(epochs=2))
    assert -1 <= likeness_to_means(arm) <= 1
