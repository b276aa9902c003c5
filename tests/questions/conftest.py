"""One quick answer of each question, shared by all tests that read it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from whynet.questions import Answer, ask


@cache
def _asked(name: str) -> Answer:
    return ask(name, quick=True)


@pytest.fixture
def answered() -> Callable[[str], Answer]:
    """The answer of a question on its quick setting."""
    return _asked
