"""What every test needs: one thread, English, and the folder of development data where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from whynet.engine.device import use_device
from whynet.text import use_language

torch.set_num_threads(1)
settings.register_profile(
    "whynet",
    deadline=None,  # a busy machine is no failure
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # a change is judged by the same examples each time; at a desk the search goes on
)
settings.load_profile("whynet")

SHARED_DATA = Path(os.environ.get("WHYNET_DATA") or Path(__file__).parents[2] / "shared" / "data")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with use_language("en"):
        yield


@pytest.fixture(autouse=True)
def _on_the_processor() -> Iterator[None]:
    """Where there is a GPU, tests of something else still compare numbers of the processor."""
    with use_device("cpu"):
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets; a test that needs it is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data sets are not here: {SHARED_DATA}")
    return SHARED_DATA
