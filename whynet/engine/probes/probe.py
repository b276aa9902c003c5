"""What every probe is: a few numbers taken out of one training step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from whynet.engine.network import Captured, Layer, Network

Need = Literal["weights", "gradient", "update", "activations"]


@dataclass(frozen=True)
class View:
    """What a step lets its probes see. All vectors are (P,); the gradient is the loss's own, before clipping."""

    network: Network
    weights: Tensor
    gradient: Tensor
    updated: Tensor
    captured: Captured


class Probe(ABC):
    """A measurement. It says what it needs and reduces it to one number for each of its layers."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[Need]]

    @abstractmethod
    def layers(self, network: Network) -> list[str]:
        """The names of the layers it reads, in network order."""

    @abstractmethod
    def measure(self, view: View) -> Tensor:
        """One number per layer, (L,), in the order of `layers`."""


class LayerProbe(Probe):
    """A probe with one number for each layer that owns weights."""

    def layers(self, network: Network) -> list[str]:
        return [layer.name for layer in network.layers]

    def measure(self, view: View) -> Tensor:
        return stack([self.of(view, layer) for layer in view.network.layers], view.weights)

    @abstractmethod
    def of(self, view: View, layer: Layer) -> Tensor:
        """The number of one layer, 0-dim."""


class ActivationProbe(Probe):
    """A probe with one number for each activation function that ran in the pass."""

    needs = frozenset({"activations"})

    def layers(self, network: Network) -> list[str]:
        return list(network.activations)

    def measure(self, view: View) -> Tensor:
        nothing = view.weights.new_full((), float("nan"))  # an activation that the forward pass never called
        outputs = view.captured.activations
        return stack(
            [self.of(outputs[n], view.network.kinds[n]) if n in outputs else nothing for n in view.network.activations],
            view.weights,
        )

    @abstractmethod
    def of(self, output: Tensor, kind: str) -> Tensor:
        """The number of one activation's output, (B, …), 0-dim; ``kind`` is its class name."""


def stack(numbers: Sequence[Tensor], like: Tensor) -> Tensor:
    """0-dim tensors as one vector; an empty one where there are none."""
    return torch.stack(list(numbers)) if numbers else like.new_zeros(0)
