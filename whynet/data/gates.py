"""Logic gates as tables of four rows."""

from __future__ import annotations

import torch

from whynet.data.register import data_set
from whynet.data.source import Source

_SOURCE = "McCulloch and Pitts, 1943; Rosenblatt, 1958; Minsky and Papert, 1969"


def _gate(outputs: list[int]) -> Source:
    """What the gate answers to (0, 0), (0, 1), (1, 0) and (1, 1)."""
    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32)
    return Source(x, torch.tensor(outputs), classes=("0", "1"), features=("a", "b"), targets=("out",), whole=True)


@data_set(
    en="1 where both inputs are 1. One straight line is enough.",
    ko="입력이 모두 1일 때만 1이다. 직선 하나로 나뉜다.",
    task="classify",
    year=1958,
    source=_SOURCE,
)
def and_gate() -> Source:
    """a ∧ b, four rows."""
    return _gate([0, 0, 0, 1])


@data_set(
    en="1 where at least one input is 1. One straight line is enough.",
    ko="입력 가운데 하나라도 1이면 1이다. 직선 하나로 나뉜다.",
    task="classify",
    year=1958,
    source=_SOURCE,
)
def or_gate() -> Source:
    """a ∨ b, four rows."""
    return _gate([0, 1, 1, 1])


@data_set(
    en="0 where both inputs are 1: every other gate can be built of this one.",
    ko="입력이 모두 1일 때만 0이다. 이 게이트만으로 다른 모든 게이트를 만들 수 있다.",
    task="classify",
    year=1958,
    source=_SOURCE,
)
def nand_gate() -> Source:
    """¬(a ∧ b), four rows."""
    return _gate([1, 1, 1, 0])


@data_set(
    en="1 where the inputs differ. No straight line will do: a hidden layer is needed.",
    ko="두 입력이 다를 때만 1이다. 직선 하나로는 안 되고 은닉층(hidden layer)이 필요하다.",
    task="classify",
    year=1969,
    source=_SOURCE,
)
def xor_gate() -> Source:
    """a ⊕ b, four rows."""
    return _gate([0, 1, 1, 0])
