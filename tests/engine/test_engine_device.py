"""Everything a step is given was placed on the device by one function, and everything that comes out is home again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from whynet.engine import device, outputs, population
from whynet.engine.arm import prepare
from whynet.engine.device import current, devices, faithful, find, place, title, use_device
from whynet.engine.events import Outcome
from whynet.engine.fit import all_probes, fit
from whynet.engine.train import Watching
from whynet.errors import OptionError
from whynet.recipe import recipe
from whynet.text import LANGUAGES

GPU = next((name for name in devices() if name != "cpu"), None)


class Elsewhere(TorchDispatchMode):
    """A pretended second device: memory that `place` copied to, and all that was computed from it.

    An operation that is given tensors of both, or a tensor that was never moved, is an error, as on a real one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[int, Any] = {}  # storages, kept so that none is used again
        self.moved = 0

    def place(self, value: Tensor, _: torch.device) -> Tensor:
        copy = value.clone()
        self._note(copy)
        self.moved += 1
        return copy

    def home(self, value: Tensor) -> Tensor:
        with torch.utils._python_dispatch._disable_current_modes():
            return value.clone()

    def _note(self, value: Tensor) -> None:
        storage = value.untyped_storage()
        self.there[storage._cdata] = storage

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = [a for a in torch.utils._pytree.tree_leaves((args, kwargs or {})) if isinstance(a, Tensor)]
        there = [a for a in given if a.untyped_storage()._cdata in self.there]
        here = [a for a in given if a.untyped_storage()._cdata not in self.there and a.ndim > 0 and a.numel() > 0]
        assert not (there and here), f"{function} was given tensors of two devices: {[tuple(a.shape) for a in here]}"
        result = function(*args, **(kwargs or {}))
        if there:
            for value in torch.utils._pytree.tree_leaves(result):
                if isinstance(value, Tensor):
                    self._note(value)
        return result


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    mode = Elsewhere()
    for room in (population, outputs):
        monkeypatch.setattr(room, "place", mode.place)
        monkeypatch.setattr(room, "home", mode.home)
    with mode:
        yield mode


@pytest.mark.parametrize(
    ("model", "arms"), [("mlp(widths=[8])", 1), ("mlp(widths=[8], dropout=0.3)", 1), ("mlp(widths=[8])", 3)]
)
def test_nothing_is_left_behind(
    model: str, arms: int, points: Any, trained: Callable[..., list[Outcome]], elsewhere: Elsewhere
) -> None:
    made = [prepare(recipe(points, model, steps=6, batch_size=20, seed=seed)) for seed in range(arms)]
    there = trained(*made, probes=all_probes())
    assert elsewhere.moved > 6
    with torch.utils._python_dispatch._disable_current_modes():
        assert all(torch.isfinite(one.weights).all() for one in there)
    assert all(one.weights.untyped_storage()._cdata not in elsewhere.there for one in there)


def test_the_device_is_the_one_asked_for() -> None:
    assert current().type == "cpu"
    with use_device("cpu"), use_device("auto"):
        assert current().type == "cpu"
    assert find("auto") == torch.device(devices()[0])
    assert devices()[-1] == "cpu"
    assert title(torch.device("cpu")) == "cpu"


@pytest.mark.parametrize("name", ["cuda:99", "tpu", "cpu:1", "cuda:-1", ""])
def test_a_device_that_is_not_there_is_one_sentence_with_what_is(name: str) -> None:
    with pytest.raises(OptionError) as caught, use_device(name):
        pass
    for lang in LANGUAGES:
        assert "cpu" in caught.value.message.show(lang)


def test_float64_goes_to_mps_as_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[torch.dtype] = []
    monkeypatch.setattr(Tensor, "to", lambda self, *args, **kwargs: asked.append(self.dtype) or self)
    place(torch.ones(2, dtype=torch.float64), torch.device("mps"))
    place(torch.ones(2, dtype=torch.float64), torch.device("cuda"))
    assert asked == [torch.float32, torch.float64]


def test_on_the_processor_nothing_changes() -> None:
    x = torch.ones(2)
    assert place(x, device.CPU) is x
    assert device.home(x) is x
    with faithful(device.CPU), device.drawing(device.CPU, 0):
        assert torch.equal(x, torch.ones(2))


@pytest.mark.skipif(GPU is None, reason="no CUDA or MPS device here")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("tier", ["eager", "traced", "compiled"])
@pytest.mark.parametrize("model", ["mlp(widths=[8], dropout=0.3)", "lenet5"])
def test_a_real_device_comes_to_the_same(model: str, tier: Any, precision: str, points: Any, pictures: Any) -> None:
    one = recipe(pictures if model == "lenet5" else points, model, steps=10, batch_size=20, precision=precision)
    watching = Watching(all_probes(), evaluations=2)
    here = fit(one, watching=watching, tier="traced", device="cpu")
    there = fit(one, watching=watching, tier=tier, device=str(GPU))
    close = 1e-5 if precision == "float32" else 2.0**-6
    assert here.history.loss == pytest.approx(there.history.loss, rel=close, abs=close)
    assert there.outcome.weights.device.type == "cpu"
