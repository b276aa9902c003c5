"""What the training examples say of a network: the same as asking it about them once more."""

from __future__ import annotations

import math

import pytest
import torch

from whynet.data import Dataset, from_tensors
from whynet.doctor.examination import examine
from whynet.doctor.facts.train_score import train_score
from whynet.engine.metrics import score
from whynet.engine.splits import TRAIN_SAMPLE, sampled
from whynet.recipe import Recipe, recipe


def coins(seed: int) -> Dataset:
    """Nothing can be learned of them but by heart, which the held-out loss soon pays for."""
    drawn = torch.Generator().manual_seed(seed)
    return from_tensors(torch.randn(300, 20, generator=drawn), torch.randint(2, (300,), generator=drawn), seed=seed)


PATIENTS = {
    "the last weights": lambda: recipe("iris", "mlp(widths=[16])", epochs=5, batch_size=16),
    "the best weights": lambda: recipe(coins, "mlp(widths=[32])", optimizer="adam(lr=0.01)", epochs=20, keep="best"),
    "values": lambda: recipe("diabetes", "mlp(widths=[8])", epochs=5, batch_size=16),
    "a sample of many": lambda: recipe("digits", "mlp(widths=[32])", epochs=2),
}


@pytest.mark.parametrize("name", PATIENTS)
def test_it_is_what_the_network_answers_its_training_examples(name: str) -> None:
    patient: Recipe = PATIENTS[name]()
    seen = examine(patient)
    fitted, train = seen.fitted, seen.fitted.dataset.train
    assert (fitted.outcome.step < seen.steps) == (name == "the best weights")
    assert (len(train) > TRAIN_SAMPLE) == (name == "a sample of many")
    index = sampled(train.index)
    with torch.no_grad():
        answers = fitted.module(train.pool_x[index])
    truth = score(answers, train.pool_y[index], fitted.loss, fitted.dataset.task)[1]
    assert train_score(seen) == pytest.approx(truth, rel=1e-6)


def test_weights_that_are_no_numbers_have_none() -> None:
    seen = examine(recipe("diabetes", "mlp(widths=[8])", loss="mse", optimizer="sgd(lr=1e9)", epochs=3))
    assert seen.diverged
    assert math.isnan(train_score(seen))
