"""Building a model from its spec: checked against the task before any training."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from whynet import registry
from whynet.errors import RecipeError, ShapeError, UnknownNameError
from whynet.models.build import build


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place to register models that are gone after the test."""
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))


def test_a_model_for_another_task_is_refused_with_those_that_fit() -> None:
    with pytest.raises(RecipeError, match="classification into 3 classes") as caught:
        build("linear_regression", (4,), 3, "classify")
    fitting = str(caught.value).partition("Models that do: ")[2]
    assert "softmax_regression" in fitting
    assert "linear_regression" not in fitting
    build("linear_regression", (4,), 3)  # without a task nothing is asked


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="lenet5"):
        build("lenet", (1, 28, 28), 10)


def test_torch_s_own_refusal_becomes_a_sentence() -> None:
    with pytest.raises(ShapeError, match=r"mlp: .*Received: shape \(\)"):
        build("mlp", (), 1)


@pytest.mark.usefixtures("registered")
def test_a_model_whose_answer_has_another_shape_is_refused() -> None:
    @registry.register("model", en="Gives back what it got.", ko="받은 것을 그대로 돌려준다.")
    class Echo(nn.Module):
        def __init__(self, inputs: tuple[int, ...], outputs: int) -> None:
            super().__init__()

        def forward(self, x: Tensor) -> Tensor:
            return x

    assert isinstance(build("echo", (3,), 3), Echo)
    with pytest.raises(ShapeError, match=r"expected an answer of shape \(2,\).* Received: \(3,\)"):
        build("echo", (3,), 2)


def test_on_the_meta_device_no_weight_is_drawn() -> None:
    before = torch.get_rng_state()
    with torch.device("meta"):
        model = build("lenet5", (1, 28, 28), 10)
    assert all(parameter.is_meta for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), before)


def test_checking_draws_nothing_beyond_the_weights() -> None:
    torch.manual_seed(0)
    build("sequential([linear(3), dropout(0.5), noise(1.0)])", (4,), 2)
    after_build = torch.get_rng_state()
    torch.manual_seed(0)
    nn.Linear(4, 3), nn.Linear(3, 2)
    assert torch.equal(torch.get_rng_state(), after_build)
