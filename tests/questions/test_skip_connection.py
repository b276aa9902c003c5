"""The claims on skip connections, each a test that can fail; and what they are measured with, against plain torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from whynet.errors import OptionError
from whynet.questions import Answer, find, pose
from whynet.questions.deep_trouble.skip_connection import key, lesion

Answered = Callable[[str], Answer]
NAME = "skip-connection"


def number(answer: Answer, which: str) -> tuple[str, float, float, float]:
    one = answer.claim(which)
    return one.outcome, one.measured.interval.mean, one.measured.interval.low, one.measured.interval.high


# --- the claims, on the quick setting --------------------------------------------------------------------------------


def test_plain_depth_fails_on_the_training_data(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "degrades")
    assert (outcome, high < -0.5) == ("held", True)
    assert mean == pytest.approx(-0.77, abs=0.12)


def test_skips_mend_ten_layers(answered: Answered) -> None:
    outcome, mean, low, _ = number(answered(NAME), "skip")
    assert (outcome, low > 0.5) == ("held", True)
    assert mean == pytest.approx(0.77, abs=0.08)


def test_with_skips_the_gradient_arrives(answered: Answered) -> None:
    """A signal that grows by √(7/6) a layer, and a gradient that grows alike backwards: every layer gets about the same."""
    outcome, mean, low, _ = number(answered(NAME), "arrives")
    assert (outcome, low > 0.9) == ("held", True)
    assert mean == pytest.approx(1.08, abs=0.06)
    table = answered(NAME).evidence.tables["shrinking"].set_index("level")["factor"]
    assert table[key("plain", 10)].max() < 0.7  # where without them it fades


def test_whether_they_beat_good_initial_weights_is_left_open(answered: Answered) -> None:
    outcome, mean, _, _ = number(answered(NAME), "beats-he")
    assert outcome == "undecided"
    assert mean == pytest.approx(0.29, abs=0.3)


@pytest.mark.parametrize(("which", "loss"), [("deeper", -0.61), ("both", -0.81)])
def test_skips_are_no_licence(answered: Answered, which: str, loss: float) -> None:
    """Twenty layers are worse than two, and with He's weights the signal explodes."""
    outcome, mean, _, high = number(answered(NAME), which)
    assert (outcome, high < 0) == ("did not hold", True)
    assert answered(NAME).claim(which).claim.saying
    assert mean == pytest.approx(loss, abs=0.26)


def test_a_layer_can_be_taken_out(answered: Answered) -> None:
    outcome, mean, _, high = number(answered(NAME), "lesion")
    assert (outcome, high < 0.1) == ("held", True)
    assert mean == pytest.approx(0.01, abs=0.02)


# --- what they are measured with -------------------------------------------------------------------------------------


def test_taking_out_a_layer_is_adding_nothing(answered: Answered) -> None:
    """The same by setting the weights of the layer to zero: relu(0) is 0, and h + 0 is h."""
    fitted = answered(NAME).evidence.comparisons["depth"].arms[key("skip", 10)][0]
    x, y, found = fitted.dataset.test.x, fitted.dataset.test.y, []
    for i in range(1, 10):
        module = fitted.module
        block = module.get_submodule(f"hidden.{i}")
        with torch.no_grad():
            for parameter in block.parameters():
                parameter.zero_()
            found.append(float((module(x).argmax(1) == y).float().mean()))
    whole, without = lesion(fitted)
    assert whole == pytest.approx(fitted.score("test"), abs=1.01 / len(y))
    assert without == pytest.approx(np.mean(found), abs=1e-6)


def test_a_plain_network_has_no_layer_to_take_out(answered: Answered) -> None:
    assert np.isnan(lesion(answered(NAME).evidence.comparisons["depth"].arms[key("plain", 2)][0])[1])


@pytest.mark.parametrize("variance", [1 / 3, 2.0])
def test_the_signal_grows_as_the_formula_says(variance: float) -> None:
    """Var h′ / Var h = 1 + n · Var W / 2 where the sum of the two is uncorrelated: 7/6 for torch, 2 for He."""
    draws, n = torch.Generator().manual_seed(0), 400
    h = torch.randn(2000, n, generator=draws)
    after = h + torch.relu(h @ (torch.randn(n, n, generator=draws) * (variance / n) ** 0.5))
    ratio = float(after.pow(2).mean() / h.pow(2).mean())
    assert ratio == pytest.approx(1 + variance / 2, rel=0.02)


@pytest.mark.parametrize("wrong", [{"model": "lenet5"}, {"model": "mlp(skip=add)"}, {"depths": [1, 2]}, {"depths": [5]}])
def test_what_cannot_be_asked_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        pose(find(NAME), wrong)
