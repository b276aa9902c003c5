"""One vector for a whole sequence: the first place, the last, the mean or the largest."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from whynet.registry import register

Shape = tuple[int, ...]
How = Literal["first", "last", "mean", "max"]


class OverTime(nn.Module):
    """(B, T, …) → (B, …)."""

    def __init__(self, how: How) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "mean":
            return x.mean(1)
        if self.how == "max":
            return x.amax(1)
        return x[:, 0] if self.how == "first" else x[:, -1]


@register(
    "layer",
    takes=("TD",),
    en="Makes one vector of a sequence: its mean, its largest, its last, or its first, where a class token stands.",
    ko="시퀀스(sequence)를 벡터 하나로 만든다: 평균, 최댓값, 마지막, 또는 클래스 토큰이 있는 첫 자리.",
)
def over_time(inputs: Shape, how: How = "mean") -> nn.Module:
    """Mean, largest, first or last over T: (B, T, D) → (B, D)."""
    return OverTime(how)
