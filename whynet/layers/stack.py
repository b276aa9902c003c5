"""Layers put on top of each other, each built for the shape that comes out of the one below.

No shape is computed by formula here: a layer is built, run once on torch's *meta* device (shapes without numbers), and what
comes out is what the next one gets. So a new brick needs no shape rule, and none can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

import torch
from torch import nn
from torch.func import functional_call

from whynet.errors import ShapeError
from whynet.registry import bind
from whynet.spec import Spec, parse
from whynet.text import Text, join, plain

Shape = tuple[int, ...]

AXES: Mapping[str, Text] = {  # a layer registers `takes=("CHW",)`: one letter an axis of one example
    "C": Text("C channels", "C 채널"),
    "H": Text("H height", "H 높이"),
    "W": Text("W width", "W 너비"),
    "T": Text("T time", "T 시간"),
    "D": Text("D features", "D 특징"),
}


def shape_after(module: nn.Module, inputs: Shape) -> Shape:
    """The shape of one example after a module, batch axis left out; the module is run on the meta device in evaluation mode."""
    tensors = chain(module.named_parameters(), module.named_buffers())
    shapes_only = {name: tensor.to("meta") for name, tensor in tensors}
    was_training = {part: part.training for part in module.modules()}
    module.eval()  # batch normalisation cannot train on a batch of one
    try:
        with torch.no_grad():
            after = functional_call(module, shapes_only, torch.empty(1, *inputs, device="meta"))
    finally:
        for part, training in was_training.items():
            part.training = training
    return tuple(after.shape[1:])


def layer(spec: str | Spec, inputs: Shape, place: Text | None = None) -> tuple[nn.Module, Shape]:
    """One registered layer built for examples of shape ``inputs``, and the shape after it.

    Raises `ShapeError` where the shape does not suit the layer; ``place`` says which layer of what it was.
    """
    spec = parse(spec)
    where = place or plain(str(spec))
    info, options = bind("layer", spec)
    takes: tuple[str, ...] = info.facts.get("takes", ())
    if takes and all(len(axes) != len(inputs) for axes in takes):
        raise ShapeError(_WRONG_AXES, where=where, wants=_wants(takes), shape=inputs, mend=_mend(takes, inputs))
    try:
        module: nn.Module = info.make(inputs=inputs, **options)
        return module, shape_after(module, inputs)
    except ShapeError as error:  # from a layer inside this one
        raise ShapeError(_INSIDE, where=where, inside=error.message) from error
    except (RuntimeError, ValueError, IndexError) as error:  # what torch raises for shapes that do not fit
        small = info.facts.get("window") and isinstance(error, RuntimeError)
        mend = _WINDOW if small else _SEE_OPTIONS.fill(signature=info.signature)
        reason = str(error).splitlines()[0].removesuffix(".")
        raise ShapeError(_UNFIT, where=where, shape=inputs, reason=reason, mend=mend) from error


def stack(specs: Iterable[str | Spec], inputs: Shape) -> tuple[dict[str, nn.Module], Shape]:
    """Layers in order, named by brick and place (``conv2d_0``, ``tanh_1``, …), and the shape after the last.

    Raises `ShapeError` that names the layer, what came in and what it takes.
    """
    modules: dict[str, nn.Module] = {}
    shape = inputs
    for index, spec in enumerate(map(parse, specs)):
        modules[f"{spec.name}_{index}"], shape = layer(spec, shape, _PLACE.fill(index=index, spec=str(spec)))
    return modules, shape


def sequence(modules: Mapping[str, nn.Module]) -> nn.Sequential:
    """Named modules run one after the other."""
    chained = nn.Sequential()
    for name, module in modules.items():
        chained.add_module(name, module)
    return chained


def _wants(takes: tuple[str, ...]) -> Text:
    """``(D) or (T, D), where D features, T time``."""
    letters = dict.fromkeys("".join(takes))
    shapes = [plain(f"({', '.join(axes)})") for axes in takes]
    legend = join((AXES[letter] for letter in letters), ", ")
    return Text("{shapes}, with {legend}", "{shapes} ({legend})").fill(shapes=join(shapes, " / "), legend=legend)


def _mend(takes: tuple[str, ...], inputs: Shape) -> Text:
    if len(inputs) > max(map(len, takes)):
        return Text("Put flatten or global_avg_pool before it.", "그 앞에 flatten이나 global_avg_pool을 넣는다.")
    return Text(
        "Take out a flatten before it, or give the example its axes with reshape, such as reshape([1, 28, 28]).",
        "앞에 있는 flatten을 빼거나, reshape([1, 28, 28])처럼 reshape로 축을 만든다.",
    )


_PLACE = Text("Layer {index} (counted from 0), {spec}", "{index}번 층(0부터 센다), {spec}")
_INSIDE = Text("{where}: {inside}", "{where}: {inside}")
_WRONG_AXES = Text(
    "{where}: expected an example of shape {wants}. Received: {shape}. {mend}",
    "{where}: 예제 하나의 모양은 {wants}이어야 한다. 받은 것: {shape}. {mend}",
)
_UNFIT = Text(
    "{where}: expected an example that it fits. Received: {shape}. {reason}. {mend}",
    "{where}: 예제의 모양이 층에 맞아야 한다. 받은 것: {shape}. {reason}. {mend}",
)
_WINDOW = Text(
    "A window may not exceed what is left of the picture: give it padding, or use fewer strides and pools before it.",
    "창(window)은 남은 그림보다 클 수 없다. 패딩(padding)을 주거나 그 앞의 stride와 풀링(pooling)을 줄인다.",
)
_SEE_OPTIONS = Text("Its options: {signature}.", "쓸 수 있는 옵션: {signature}.")
