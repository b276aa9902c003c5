"""The share of outputs on the flat ends of a sigmoid or tanh."""

from torch import Tensor

from whynet.engine.probes.probe import ActivationProbe
from whynet.registry import register

FLAT = 0.05  # the slope there is below this share of its greatest value


@register(
    "probe",
    year=2010,
    source="Glorot and Bengio",
    en="Share of outputs where a sigmoid or tanh is flat: its slope is below 5 % of the greatest.",
    ko="시그모이드(sigmoid)나 tanh가 평평한 구간에 있는 출력의 비율. 기울기가 최댓값의 5 % 미만이다.",
)
class SaturatedFraction(ActivationProbe):
    """Share of outputs with slope below 5 % of its maximum; 0 for activations that do not saturate on both sides."""

    name = "saturated_fraction"

    def of(self, output: Tensor, kind: str) -> Tensor:
        if kind == "Sigmoid":
            slope = 4 * output * (1 - output)
        elif kind == "Tanh":
            slope = 1 - output * output
        else:
            return output.new_zeros(())
        return (slope < FLAT).to(output.dtype).mean()
