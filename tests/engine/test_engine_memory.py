"""Memory is kept while something trains, and given back by the last training that ends."""

from __future__ import annotations

import sys

import pytest
import torch

from whynet.engine import memory
from whynet.engine.arm import prepare
from whynet.engine.fit import fit
from whynet.engine.memory import _mallopt, memory_kept
from whynet.engine.train import train
from whynet.recipe import recipe

MEGABYTE = 2**20


def _resident() -> float:
    """Memory that the process holds, in MiB."""
    with open("/proc/self/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.skipif(not sys.platform.startswith("linux") or _mallopt() is None, reason="memory is kept with glibc only")
def test_a_large_block_is_kept_until_the_last_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trainings", 0)  # another test may have left a training in the middle
    before = _resident()
    with memory_kept():
        with memory_kept():
            block = torch.ones(100 * MEGABYTE // 4)
            assert _resident() > before + 90
            del block
        assert _resident() > before + 90  # the outer one still keeps it
    assert _resident() < before + 50


def test_a_training_that_is_left_in_the_middle_keeps_nothing() -> None:
    before = memory._trainings
    one = recipe("xor", "mlp(widths=[4])", epochs=3)
    events = train([prepare(one)])
    next(events)
    events.close()
    fit(one)
    assert memory._trainings == before
