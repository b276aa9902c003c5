"""The claims on cross-entropy, each a test that can fail; and the codes they are measured with, against what is known of codes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from whynet.errors import OptionError
from whynet.losses.cross_entropy import CrossEntropy
from whynet.questions import Answer, ask, find, pose
from whynet.questions.mathematics.codes import decode, encode, entropy, huffman
from whynet.questions.mathematics.cross_entropy import _divergence

Answered = Callable[[str], Answer]
NAME = "cross-entropy"


def number(answer: Answer, key: str) -> tuple[str, float]:
    one = answer.claim(key)
    return one.outcome, one.measured.interval.mean


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_an_untrained_network_starts_at_ln_k_where_its_weights_are_small(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "start")
    assert outcome == "held"
    assert mean == pytest.approx(1.006, abs=0.01)
    outcome, mean = number(answered(NAME), "any-start")
    assert outcome == "did not hold"
    assert 6 < mean < 25


def test_the_loss_is_the_length_of_a_real_message(answered: Answered) -> None:
    """An arithmetic code takes less than two bits beyond the sum of −log₂ p, however long the message."""
    outcome, mean = number(answered(NAME), "bits")
    assert (outcome, 0 < mean < 2) == ("held", True)
    outcome, mean = number(answered(NAME), "huffman")
    assert outcome == "held"
    assert mean == pytest.approx(0.074, abs=0.01)


def test_the_divergence_is_no_distance(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "distance")
    assert outcome == "did not hold"
    assert mean == pytest.approx(0.49, abs=0.06)


def test_softmax_twice_has_a_floor(answered: Answered) -> None:
    outcome, mean = number(answered(NAME), "floor")
    assert outcome == "held"
    assert mean == pytest.approx(0.12, abs=0.05)
    outcome, mean = number(answered(NAME), "harmless")
    assert outcome == "undecided"  # two points lost, give or take five
    assert mean == pytest.approx(-0.023, abs=0.04)


def test_the_floor_is_the_loss_of_a_perfect_answer_squashed() -> None:
    question = pose(find(NAME), {})
    perfect = torch.eye(10, dtype=torch.float64)  # what a softmax says that is entirely sure and right
    assert question.floor == pytest.approx(CrossEntropy()(perfect, torch.arange(10)).item())  # type: ignore[attr-defined]


def test_values_have_no_classes_and_other_models_no_second_softmax() -> None:
    with pytest.raises(OptionError, match="classes"):
        pose(find(NAME), {"data": "ice_cream"})
    answer = ask(NAME, quick=True, data="iris", model="softmax_regression", seeds=3, epochs=1)
    assert "floor" not in [one.claim.key for one in answer.claims]
    assert "softmax before the loss" not in answer.verdict.show("en")


# --- what they are measured with -------------------------------------------------------------------------------------


def test_entropy_and_divergence_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), 8), rng.dirichlet(np.ones(6), 8)
    assert entropy(p[0]) == pytest.approx(stats.entropy(p[0], base=2))
    assert entropy(np.array([0.0, 1.0])) == 0
    ours = _divergence(torch.from_numpy(np.log(p)), torch.from_numpy(np.log(q)))
    assert ours == pytest.approx(special.rel_entr(p, q).sum(axis=1).mean())


def test_no_prefix_code_is_shorter_than_huffmans() -> None:
    """Over all lengths that Kraft's inequality allows."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        p = rng.dirichlet(np.full(4, 0.7))
        allowed = [lengths for lengths in itertools.product(range(1, 5), repeat=4) if sum(2.0**-n for n in lengths) <= 1]
        assert huffman(p) @ p == pytest.approx(min(np.array(lengths) @ p for lengths in allowed))
    assert huffman(np.array([1.0])).tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(2, 12), st.floats(0.02, 5), st.integers(0, 10_000))
def test_an_arithmetic_code_is_read_back_and_short(n: int, classes: int, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = rng.dirichlet(np.full(classes, spread), n)
    labels = rng.integers(0, classes, n).tolist()
    bits = encode(labels, q)
    assert set(bits) <= {"0", "1"}
    assert decode(bits, q) == labels
    # each symbol has q (2^24 - K) of 2^24 cells, rounded down, and at least one: a rare symbol may cost almost a bit more
    cells = np.maximum(q[np.arange(n), labels] * (2**24 - classes) - 1, 1)
    assert len(bits) <= (24 - np.log2(cells)).sum() + 2
