"""‖∂L/∂w‖ of each layer: does the error reach it?"""

from torch import Tensor

from whynet.engine.network import Layer
from whynet.engine.probes.probe import LayerProbe, View
from whynet.registry import register


@register(
    "probe",
    year=1994,
    source="Bengio, Simard and Frasconi",
    en="Euclidean norm of the gradient of each layer's weights: how much of the error arrives there.",
    ko="층마다 가중치 기울기(gradient)의 유클리드 노름: 오차가 그 층까지 얼마나 도달하는가.",
)
class GradientNorm(LayerProbe):
    """‖g‖₂ of a layer's own parameters, before clipping."""

    name = "gradient_norm"
    needs = frozenset({"gradient"})

    def of(self, view: View, layer: Layer) -> Tensor:
        return view.gradient[layer.start : layer.stop].norm()
