"""‖w‖ of each layer: how large have the weights become?"""

from torch import Tensor

from whynet.engine.network import Layer
from whynet.engine.probes.probe import LayerProbe, View
from whynet.registry import register


@register(
    "probe",
    year=1991,
    source="Krogh and Hertz",
    en="Euclidean norm of each layer's weights before the update.",
    ko="층마다 갱신하기 전 가중치의 유클리드 노름.",
)
class WeightNorm(LayerProbe):
    """‖w‖₂ of a layer's own parameters, before the update."""

    name = "weight_norm"
    needs = frozenset({"weights"})

    def of(self, view: View, layer: Layer) -> Tensor:
        return view.weights[layer.start : layer.stop].norm()
