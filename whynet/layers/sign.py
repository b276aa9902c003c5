"""The sign: which side of zero, and nothing else."""

from __future__ import annotations

from torch import Tensor, nn

from whynet.registry import register

Shape = tuple[int, ...]


class Sign(nn.Module):
    """1 where x > 0, -1 where x < 0, 0 at 0. Its gradient is zero everywhere, and is returned as zeros, not as missing."""

    is_activation = True  # probes of activations look for this mark

    def forward(self, x: Tensor) -> Tensor:
        return x.sign()


@register(
    "layer",
    activation=True,
    flat=True,  # no gradient passes
    year=1949,
    source="Hebb, The organization of behavior (neurons that are active or not)",
    en="+1 above zero, -1 below: the neuron of the sign-product rule. Its gradient is zero: what lies before it cannot learn by descent.",
    ko="0보다 크면 +1, 작으면 -1: 부호 곱 규칙의 뉴런이다. 기울기가 0이라 그 앞은 경사 하강법으로 배우지 못한다.",
)
def sign(inputs: Shape) -> nn.Module:
    """-1, 0 or 1."""
    return Sign()
