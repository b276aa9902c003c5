"""bfloat16 rounds products and nothing else, alike in every tier."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from whynet.engine.arm import Arm, prepare
from whynet.engine.events import Outcome
from whynet.engine.fit import all_probes
from whynet.engine.population import Population
from whynet.engine.precision import ROUNDING, computing
from whynet.errors import OptionError
from whynet.recipe import diff, from_json, recipe

MODELS = {
    "mlp(widths=[8, 8])": "points",
    'mlp(widths=[8], norm="batch", dropout=0.3, activation="gelu")': "points",
    'mlp(widths=[8, 8], norm="layer", skip="add")': "values",
    "lenet5": "pictures",
    "sequential([conv2d(4, 3), batch_norm, relu, noise(0.1), max_pool(2), flatten, dropout(0.2), linear(3)])": "pictures",
}
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "convolution", "mkldnn_rnn_layer", "linear")


class Seen(TorchDispatchMode):
    """The types of the numbers that operations were given."""

    def __init__(self) -> None:
        super().__init__()
        self.types: dict[str, set[torch.dtype]] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        self.types.setdefault(name, set()).update(a.dtype for a in args if isinstance(a, Tensor) and a.is_floating_point())
        return function(*args, **(kwargs or {}))


@pytest.fixture
def arm_of(request: Any) -> Callable[..., Arm]:
    def make(model: str, data: str, **settings: Any) -> Arm:
        given = {"optimizer": "sgd(lr=0.05)", "steps": 3, "batch_size": 20, "precision": "bfloat16", **settings}
        return prepare(recipe(request.getfixturevalue(data), model, **given))

    return make


def close(a: Outcome, b: Outcome) -> bool:
    """Whether losses agree to the rounding of a step's few operations."""
    return all(math.isclose(x, y, rel_tol=4 * ROUNDING) for x, y in zip(a.history.loss, b.history.loss, strict=True))


@pytest.mark.parametrize(("model", "data"), MODELS.items())
def test_products_are_in_bfloat16_and_nothing_that_must_not_be(
    model: str, data: str, arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]
) -> None:
    arm = arm_of(model, data)
    with Seen() as seen:
        outcome = trained(arm)[0]
    used = [seen.types[name] for name in PRODUCTS if name in seen.types]
    assert used
    assert all(types == {torch.bfloat16} for types in used), seen.types
    for name in ("_softmax", "_log_softmax", "native_layer_norm", "native_batch_norm", "mse_loss", "nll_loss_forward"):
        assert seen.types.get(name, {torch.float32}) == {torch.float32}, name
    assert outcome.weights.dtype == torch.float32
    assert all(buffer.dtype != torch.bfloat16 for buffer in outcome.buffers.values())


@pytest.mark.parametrize(("model", "data"), MODELS.items())
def test_traced_equals_eager_and_alone_equals_stacked(
    model: str, data: str, arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]
) -> None:
    eager, traced = (trained(arm_of(model, data), tier=tier)[0] for tier in ("eager", "traced"))
    assert repr(eager.history) == repr(traced.history)
    assert torch.equal(eager.weights, traced.weights)
    for tier in ("eager", "traced"):
        both = trained(arm_of(model, data), arm_of(model, data, seed=1), tier=tier)
        assert close(both[0], eager)
        alone = trained(arm_of(model, data, seed=1), tier=tier)[0]
        assert close(both[1], alone)


def test_compiled_agrees(arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]) -> None:
    population = Population([arm_of("mlp(widths=[8])", "points")], tier="compiled")
    population.make_ready(population.epoch(0)[0])
    assert not population.notes()  # it was compiled
    compiled, traced = (trained(arm_of("mlp(widths=[8])", "points"), tier=tier)[0] for tier in ("compiled", "traced"))
    assert close(compiled, traced)


def test_it_is_near_float32_and_not_the_same(arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]) -> None:
    low, high = (
        trained(arm_of("mlp(widths=[8], dropout=0.3)", "points", precision=precision))[0]
        for precision in ("bfloat16", "float32")
    )
    assert close(low, high)
    assert low.history.loss != high.history.loss
    assert repr(low.history.evaluations) != repr(high.history.evaluations)


def test_a_float32_recipe_enters_no_autocast(arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]) -> None:
    with Seen() as seen:
        trained(arm_of("mlp(widths=[8])", "points", precision="float32"))
    assert not any(torch.bfloat16 in types for types in seen.types.values())


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.softmax(x, -1), lambda x: torch.softmax(x, -1), lambda x: x.softmax(-1), lambda x: F.log_softmax(x, -1),
        lambda x: x.exp(), lambda x: torch.logsumexp(x, -1), lambda x: x.mean(0), lambda x: torch.var(x, 0), lambda x: x.pow(2),
        lambda x: F.layer_norm(x, (6,)), lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.mse_loss(x, torch.zeros_like(x)), nn.Softmax(-1), nn.LayerNorm(6),
    ],
)  # fmt: skip
def test_what_rounding_would_spoil_answers_in_float32(function: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(4, 6).bfloat16()
    with computing("bfloat16", "cpu"):
        result = function(x)
    assert result.dtype == torch.float32
    assert torch.equal(result, function(x.float()))


def test_probes_and_the_test_split_are_read(arm_of: Callable[..., Arm], trained: Callable[..., list[Outcome]]) -> None:
    arm = arm_of("mlp(widths=[8, 8])", "points")
    history = trained(arm, probes=all_probes())[0].history
    assert {reading.probe for reading in history.readings} >= {
        probe.name for probe in all_probes() if probe.layers(arm.network)
    }
    assert all(math.isfinite(e.loss) for e in history.evaluations)


def test_the_field_is_written_only_where_it_is_not_the_default() -> None:
    plain, low = recipe("digits", "mlp"), recipe("digits", "mlp", precision="bfloat16")
    assert "precision" not in str(plain)
    assert "precision bfloat16" in str(low)
    assert from_json(low.to_json()) == low
    assert [str(difference) for difference in diff(plain, low)] == ["precision: float32 → bfloat16"]
    assert from_json('{"data": "digits"}').precision == "float32"


def test_other_precisions_are_refused() -> None:
    with pytest.raises(OptionError, match="bfloat16"):
        recipe("digits", "mlp", precision="float16")
