"""A module as a pure function of one vector of weights.

`Network` keeps the shape of an ``nn.Module``: where each parameter lies in the vector, which buffers there are, which layers can be
looked into. It never changes the module it was made from.

    outputs = network(weights, buffers, x)         weights (P,), x (B, *inputs), outputs (B, units)

With all weights in one vector an optimizer step is a handful of operations whatever the depth, and a population of networks is
one matrix (A, P).
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from whynet.engine.device import inside
from whynet.engine.layout import channels_last, gains_from_channels_last
from whynet.engine.noise import Tape, taped, watched
from whynet.engine.precision import Precision, computing
from whynet.engine.rates import Rated, rated, using
from whynet.models.stages import still

Buffers = dict[str, Tensor]


@dataclass(frozen=True)
class Layer:
    """A module that owns weights: its name, and where its parameters lie in the vector."""

    name: str
    kind: str
    start: int
    stop: int


@dataclass
class Captured:
    """What a forward pass showed on the way: the output of every layer and of every activation function, by name."""

    layers: dict[str, Tensor] = field(default_factory=dict)
    activations: dict[str, Tensor] = field(default_factory=dict)
    everything: dict[str, Tensor] = field(default_factory=dict)  # both, in the order in which they ran


class Network:
    """The functional view of a module. The module given is copied.

    frozen: the parts that stay as in use while the rest trains (see `stages`); their parameters, which require no gradient, are
    kept among the buffers.
    """

    def __init__(self, module: nn.Module, precision: Precision = "float32", frozen: Sequence[str] = ()) -> None:
        self.precision, self.frozen = precision, tuple(frozen)
        self.template = copied(module)  # never run, so that it stays what its author wrote
        self.module = copied(self.template)
        self._still = still(self.module, self.frozen)
        named = [(name, p) for name, p in self.module.named_parameters() if p.requires_grad]
        untrained = {name: p.detach() for name, p in self.module.named_parameters() if not p.requires_grad}
        self.names = [name for name, _ in named]
        self.shapes = [parameter.shape for _, parameter in named]
        self.sizes = [parameter.numel() for _, parameter in named]
        self.size = sum(self.sizes)  # P
        self.initial = torch.cat([p.detach().reshape(-1) for _, p in named]) if named else torch.zeros(0)
        self.buffers: Buffers = {**{name: b.detach().clone() for name, b in self.module.named_buffers()}, **untrained}
        self.layers = self._find_layers()
        self.activations = [name for name, child in self.module.named_modules() if is_activation(child)]
        self.kinds = {name: type(child).__name__ for name, child in self.module.named_modules()}
        self._rated = rated(self.module)
        self._channels_last = gains_from_channels_last(self.module)

    @property
    def rates(self) -> list[float]:
        """How strong its dropout and noise layers are, (K,), in network order."""
        return [getattr(child, name) for child, name in self._rated]

    @cached_property
    def constants(self) -> tuple[Hashable, ...]:
        """What the modules hold beside weights and buffers. Networks that differ in it compute different things."""
        return self._constants(())

    @cached_property
    def structure(self) -> tuple[Hashable, ...]:
        """The kinds of its modules and the constants they hold, but for the rates of dropout and noise."""
        return tuple(self.kinds.items()), self._constants(rated(self.template))

    def _constants(self, without: Sequence[Rated]) -> tuple[Hashable, ...]:
        return tuple(
            (name, attribute, _bytes(value) if isinstance(value, Tensor) else repr(value))
            for name, child in self.template.named_modules()
            for attribute, value in vars(child).items()
            if isinstance(value, bool | int | float | str | tuple | Tensor) and attribute != "training"
            if (child, attribute) not in without
        )

    def _find_layers(self) -> list[Layer]:
        starts, at = {}, 0
        for name, size in zip(self.names, self.sizes, strict=True):
            starts[name] = (at, at + size)
            at += size
        found = []
        for name, child in self.module.named_modules():
            own = [f"{name}.{p}" if name else p for p, v in child.named_parameters(recurse=False) if v.requires_grad]
            own = [p for p in own if p in starts]  # a shared parameter belongs to the module that names it first
            matrices = [v for v in child.parameters(recurse=False) if v.ndim >= 2]
            if own and matrices:  # norms and other per-channel scales are not what "a layer" means to a reader
                found.append(Layer(name, type(child).__name__, starts[own[0]][0], starts[own[-1]][1]))
        return found

    def unpack(self, weights: Tensor) -> dict[str, Tensor]:
        """The parameters by name, as views of the vector."""
        pieces = weights.split(self.sizes)
        return {name: piece.view(shape) for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)}

    def pack(self, module: nn.Module) -> Tensor:
        """The vector (P,) of another module of the same architecture."""
        parameters = dict(module.named_parameters())
        return torch.cat([parameters[name].detach().reshape(-1) for name in self.names]) if self.names else torch.zeros(0)

    def __call__(
        self, weights: Tensor, buffers: Buffers, x: Tensor, tape: Tape | None = None, rates: Tensor | None = None
    ) -> Tensor:
        """The outputs, (B, units). The dictionary of buffers given holds, after it, what the pass made of them.

        ``rates``: those of dropout and noise, (K,), where they are not the network's own.
        """
        values = {**self.unpack(weights), **buffers}
        x = channels_last(x) if self._channels_last else x
        with taped(tape), using(self._rated, rates, weights.dtype), computing(self.precision, x.device.type), inside(x.device):
            outputs = functional_call(self.module, values, (x,))
        buffers.update((name, values[name]) for name in buffers)  # `self.average = …` instead of in place
        return outputs.to(weights.dtype) if isinstance(outputs, Tensor) and self.precision != "float32" else outputs

    def train(self) -> None:
        """From here on run as in training: dropout on, batch statistics; not so what is frozen."""
        self.module.train()
        for child in self._still:
            child.training = False

    def eval(self) -> None:
        """From here on run as in use: dropout off, running statistics."""
        self.module.eval()

    @contextmanager
    def capturing(self) -> Iterator[Captured]:
        """Keep what layers and activation functions put out during the forward passes inside the block."""
        captured, handles = Captured(), []
        wanted = {layer.name: captured.layers for layer in self.layers}
        wanted |= dict.fromkeys(self.activations, captured.activations)

        def keep(name: str, into: dict[str, Tensor]) -> Any:
            def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
                if isinstance(output, Tensor):
                    output = output.float() if output.dtype == torch.bfloat16 else output  # as probes measure
                    into[name] = captured.everything[name] = output

            return hook

        for name, child in self.module.named_modules():
            if name in wanted:
                handles.append(child.register_forward_hook(keep(name, wanted[name])))
        try:
            yield captured
        finally:
            for handle in handles:
                handle.remove()

    def noise_wanted(self, x: Tensor) -> Tape:
        """Which random numbers one training pass over a batch like ``x`` draws (dropout masks, noise); see `noise`."""
        tape = Tape.recording()
        was_training = self.module.training
        self.train()
        attributes = self._attributes()
        with torch.no_grad(), watched(tape):
            self(self.initial, clone(self.buffers), x, tape)
        changed = [place for place, value in self._attributes().items() if repr(attributes.get(place, value)) != repr(value)]
        for module, name in changed:
            setattr(module, name, attributes[module, name])
        tape.counts = [f"{type(module).__name__}.{name}" for module, name in changed]
        if not was_training:
            self.eval()
        return tape

    def _attributes(self) -> dict[tuple[nn.Module, str], object]:
        """The plain numbers and words that modules remember beside their tensors."""
        return {
            (module, name): value
            for module in self.module.modules()
            for name, value in vars(module).items()
            if isinstance(value, bool | int | float | str)
        }

    def load(self, weights: Tensor, buffers: Mapping[str, Tensor]) -> nn.Module:
        """A module of the user's own kind that holds these weights, ready for use and in evaluation mode."""
        module = copied(self.template)
        with torch.no_grad():
            own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
            for name, value in {**self.unpack(weights), **buffers}.items():
                own[name].copy_(value)
        return module.eval()


def copied(module: nn.Module) -> nn.Module:
    """A copy of a module. Results of an earlier pass that it kept as attributes are copied without their history."""
    kept = [value for child in module.modules() for value in vars(child).values() if isinstance(value, Tensor)]
    return copy.deepcopy(module, {id(value): value.detach().clone() for value in kept if not value.is_leaf})


def _bytes(value: Tensor) -> bytes:
    return value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()


def clone(buffers: Mapping[str, Tensor]) -> Buffers:
    """A copy of the buffers that a pass may update."""
    return {name: value.clone() for name, value in buffers.items()}


def is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation function: torch's, or one of whynet's."""
    if getattr(module, "is_activation", False) is True:
        return True
    return type(module).__module__ == "torch.nn.modules.activation" and not isinstance(module, nn.MultiheadAttention)
