"""A store in a folder that is thrown away, small recipes, and the comparison of two runs bit by bit."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from whynet.engine.history import History
from whynet.recipe import Recipe, recipe
from whynet.runs.run import Run
from whynet.runs.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", patience=0.05)


@pytest.fixture
def small() -> Recipe:
    return recipe("moons(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=0.1)", epochs=3, batch_size=16)


@pytest.fixture
def same() -> Callable[[Run, Run], None]:
    """A check that two runs are the same to the last bit: losses, evaluations, readings, weights, buffers."""

    def check(one: Run, other: Run) -> None:
        assert columns(one.history) == columns(other.history)
        assert (one.status, one.score) == (other.status, other.score)
        a, b = one.fitted.outcome, other.fitted.outcome
        assert a.step == b.step
        assert torch.equal(a.weights.view(torch.int32), b.weights.view(torch.int32))  # NaN equals NaN of the same bits
        assert a.buffers.keys() == b.buffers.keys()
        assert all(torch.equal(a.buffers[name], b.buffers[name]) for name in a.buffers)

    return check


def columns(history: History) -> tuple[object, ...]:
    """A history in which NaN equals NaN of the same bits."""
    return (
        bits(history.loss),
        [(e.step, e.split, bits([e.epoch, e.loss, e.metric])) for e in history.evaluations],
        [(r.step, r.probe, r.layer, bits([r.value])) for r in history.readings],
    )


def bits(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)
