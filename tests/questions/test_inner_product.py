"""The claims on inner products, each a test that can fail; and the likeness they are measured with, against scikit-learn and torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from whynet.data import load
from whynet.engine.fit import fit
from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.mathematics import likeness
from whynet.recipe import recipe

Answered = Callable[[str], Answer]
NAME = "inner-product"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_the_largest_inner_product_is_not_the_most_alike(answered: Answered) -> None:
    """Digits with much ink have large inner products with everything: a quarter of the answers go wrong."""
    outcome, mean = number(answered(NAME), "larger-alike")
    assert outcome == "did not hold"
    assert mean == pytest.approx(-0.26, abs=0.06)


def test_among_equal_lengths_all_measures_agree(answered: Answered) -> None:
    assert number(answered(NAME), "same-order") == ("held", 1.0)


def test_random_vectors_have_inner_products_around_the_root_of_their_size(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "orthogonal")
    assert outcome == "held"
    assert mean == pytest.approx(1, abs=0.01)


def test_training_turns_a_class_together(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "gained")
    assert outcome == "held"
    assert mean == pytest.approx(0.10, abs=0.05)


def test_linear_weights_resemble_the_mean_example(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "template")
    assert outcome == "held"
    assert mean == pytest.approx(0.82, abs=0.03)


def test_on_digits_looking_up_beats_the_network(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "learning")
    assert outcome == "did not hold"
    assert mean == pytest.approx(-0.046, abs=0.025)


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(OptionError, match="with classes"):
        pose(find(NAME), {"data": "ice_cream"})
    with pytest.raises(OptionError, match="activation function"):
        pose(find(NAME), {"model": "softmax_regression"})


# --- what they are measured with -------------------------------------------------------------------------------------


def test_the_measures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((7, 5)), rng.standard_normal((9, 5))
    ours = torch.from_numpy(a), torch.from_numpy(b)
    np.testing.assert_allclose(likeness.products(*ours), a @ b.T, rtol=1e-12)
    np.testing.assert_allclose(likeness.cosines(*ours), cosine_similarity(a, b), rtol=1e-10)
    np.testing.assert_allclose(likeness.nearness(*ours), -(euclidean_distances(a, b) ** 2), rtol=1e-9)
    assert likeness.cosines(torch.zeros(1, 5, dtype=torch.float64), ours[1]).abs().max() == 0


@pytest.mark.parametrize(("column", "metric"), [("distance", "euclidean"), ("cosine", "cosine")])
def test_looking_up_is_the_nearest_neighbour(answered: Answered, column: str, metric: str) -> None:
    data = load("digits", 0)
    reference = KNeighborsClassifier(1, metric=metric, algorithm="brute").fit(data.train.x.flatten(1), data.train.y)
    asked, labels = data.test.x[: likeness.TESTED].flatten(1), data.test.y[: likeness.TESTED]
    measured = answered(NAME).evidence.tables["likeness"].query("seed == 0")[column].item()
    assert measured == pytest.approx(reference.score(asked, labels), abs=1.5 / len(labels))  # rounding decides a tie


def test_the_hidden_layer_is_what_plain_torch_computes() -> None:
    one = fit(recipe("iris", "mlp(widths=[6, 4], activation=tanh)", epochs=2))
    x = one.dataset.test.x[:5]
    for trained in (False, True):
        weights = one.outcome.weights if trained else one.arm.network.initial
        module = one.arm.network.load(weights, one.arm.network.buffers)
        linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
        expected = torch.tanh(linear[1](torch.tanh(linear[0](x)))).detach().double()
        torch.testing.assert_close(likeness.hidden(one, x, trained), expected, rtol=1e-5, atol=1e-6)


def test_pairs_are_of_one_class_or_of_two() -> None:
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    same, other = likeness.pairs(labels, seed=0)
    assert len(same) == len(other) == likeness.PAIRS
    assert (labels[same[:, 0]] == labels[same[:, 1]]).all()
    assert (labels[other[:, 0]] != labels[other[:, 1]]).all()
    assert (same[:, 0] != same[:, 1]).all()
    x = torch.randn(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(likeness.cosines_of(x, same), cosine_similarity(x)[same[:, 0], same[:, 1]], rtol=1e-10)


def test_random_products_are_normal_with_variance_d() -> None:
    drawn = likeness.random_products(100, seed=1)
    assert drawn.mean() == pytest.approx(0, abs=5 * 10 / math.sqrt(len(drawn)))
    assert drawn.std() == pytest.approx(10, rel=0.02)


def test_weights_that_are_the_class_means_are_templates() -> None:
    rng = np.random.default_rng(3)
    labels = torch.from_numpy(rng.integers(0, 3, 60))
    x = torch.from_numpy(rng.standard_normal((60, 4))) + labels[:, None]
    means = torch.stack([x[labels == k].mean(dim=0) for k in range(3)])
    np.testing.assert_allclose(likeness.templates(means + 7, x, labels), 1)  # what all classes share is taken away
    np.testing.assert_allclose(likeness.templates(-2 * means, x, labels), -1)
