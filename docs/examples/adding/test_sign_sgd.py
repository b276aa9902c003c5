"""Descent by sign against a loop over the weights."""

from __future__ import annotations

import pytest
import torch

from whynet.errors import OptionError
from whynet.registry import make


def test_every_weight_moves_by_the_rate_against_its_sign() -> None:
    """A zero gradient moves nothing."""
    rule = make("optimizer", "sign_sgd(lr=0.5)")
    weights, gradient = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([-4.0, 0.0, 0.1])
    hyper = {name: torch.tensor(value) for name, value in rule.hyper.items()}
    moved, _ = rule.update(weights, gradient, rule.start(weights), hyper, torch.tensor(1.0))
    assert moved.tolist() == [1.5, 2.0, 2.5]


def test_a_rate_below_zero_is_refused() -> None:
    """The range in the annotation is checked."""
    with pytest.raises(OptionError, match="0 < x"):
        make("optimizer", "sign_sgd(lr=-1.0)")
