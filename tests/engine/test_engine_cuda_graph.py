"""A recorded step gives what the step gives, call after call, though it always reads and writes the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from whynet.engine.cuda_graph import captured


class Recorder(TorchDispatchMode):
    """A pretended CUDA graph: notes operations, and repeats them on the same memory."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.noted.append((function, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        for function, args, kwargs, result in self.noted:
            result.copy_(function(*args, **kwargs))


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Stream:
        def wait_stream(self, other: object) -> None: ...

    @contextmanager
    def graph(recorder: Recorder) -> Iterator[None]:
        with recorder:
            yield

    for name, value in {
        "Stream": Stream, "current_stream": Stream, "stream": nullcontext, "CUDAGraph": Recorder, "graph": graph,
    }.items():  # fmt: skip
        monkeypatch.setattr(torch.cuda, name, value)
    return


def step(weights: Tensor, x: Tensor, rate: Tensor) -> Sequence[Tensor]:
    loss = (x @ weights).square().mean()
    return loss, weights - rate * x.t().mv(x @ weights)


def walk(run: Callable[..., Sequence[Tensor]]) -> list[Tensor]:
    """Everything that ten steps gave, each fed with the weights of the one before."""
    weights, found = torch.ones(3), []
    for i in range(10):
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(i))
        loss, weights = run(weights, x, torch.tensor(0.01 * (i + 1)))
        found += [loss, weights]
    return found


@pytest.mark.usefixtures("pretended")
def test_the_order_of_copying_on_a_pretended_graph() -> None:
    examples = [torch.zeros(3), torch.zeros(4, 3), torch.tensor(0.0)]
    run = captured(step, examples)
    assert all(torch.equal(a, b) for a, b in zip(walk(run), walk(step), strict=True))
    assert not any(example.any() for example in examples)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_real_graph() -> None:
    examples = [torch.zeros(3).cuda(), torch.zeros(4, 3).cuda(), torch.tensor(0.0).cuda()]
    run = captured(step, examples)
    there = walk(lambda *arguments: run(*(argument.cuda() for argument in arguments)))
    assert all(torch.allclose(a.cpu(), b, atol=1e-5) for a, b in zip(there, walk(step), strict=True))
