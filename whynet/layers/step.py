"""The step of the first neurons: fire or not. It is flat on both sides, so gradient descent gets nothing through it."""

from __future__ import annotations

from torch import Tensor, nn

from whynet.registry import register

Shape = tuple[int, ...]


class Step(nn.Module):
    """1 where x ≥ 0, 0 elsewhere (Heaviside). Its gradient is zero everywhere, and is returned as zeros, not as missing."""

    is_activation = True  # probes of activations look for this mark

    def forward(self, x: Tensor) -> Tensor:
        return x.floor().clamp(-1, 0) + 1  # x ≥ 0: 0 + 1; x < 0: -1 + 1. A comparison would cut the graph instead


@register(
    "layer",
    activation=True,
    flat=True,  # no gradient passes
    year=1943,
    source="McCulloch and Pitts, A logical calculus of the ideas immanent in nervous activity",
    en="1 where x ≥ 0, else 0: a neuron fires or not. Its gradient is zero, so what lies before it cannot learn.",
    ko="x ≥ 0이면 1, 아니면 0: 뉴런이 켜지거나 꺼진다. 기울기가 0이라 그 앞은 학습되지 않는다.",
)
def step(inputs: Shape) -> nn.Module:
    """1 where x ≥ 0, 0 elsewhere."""
    return Step()
