"""Where a loss stopped being a number: the first layer, and what happened there."""

from __future__ import annotations

import torch
from torch import Tensor

from whynet.engine.network import Buffers, Network, clone
from whynet.losses.loss import Loss
from whynet.text import Text


def locate(network: Network, loss: Loss, weights: Tensor, buffers: Buffers, x: Tensor, y: Tensor, step: int) -> Text:
    """The first place that holds a value that is not finite, given the state before the step whose loss was not.

    Looked for in the order in which it can arise: the inputs, the weights (spoilt by the update of the step before), the output of
    each layer in the order of the forward pass, the loss itself.
    """
    if not bool(torch.isfinite(x).all()):
        return _INPUTS.fill(step=step)
    for name, values in network.unpack(weights).items():
        if not bool(torch.isfinite(values).all()):
            return _WEIGHTS.fill(step=step, before=step - 1, layer=name.rpartition(".")[0] or "model")
    network.train()
    with torch.no_grad(), torch.random.fork_rng(devices=[]), network.capturing() as captured:
        outputs = network(weights, clone(buffers), x, network.noise_wanted(x).silent())
        value = loss(outputs, y)
    for name, output in captured.everything.items():
        if not bool(torch.isfinite(output).all()):
            return _OUTPUT.fill(step=step, layer=name, largest=_largest(weights))
    if not bool(torch.isfinite(outputs).all()):
        return _OUTPUT.fill(step=step, layer="output", largest=_largest(weights))
    if not bool(torch.isfinite(value)):
        return _LOSS.fill(step=step, largest=float(outputs.abs().max()))
    return _UNCLEAR.fill(step=step)


def _largest(weights: Tensor) -> float:
    return float(weights.abs().max())


_INPUTS = Text(
    "At step {step} the input itself holds values that are not numbers (NaN or infinite).",
    "{step}번째 스텝에서 입력 자체에 수가 아닌 값(NaN 또는 무한대)이 있다.",
)
_WEIGHTS = Text(
    "The update of step {before} made weights of layer {layer} infinite or NaN; the loss of step {step} could not be computed.",
    "{before}번째 스텝의 갱신에서 {layer} 층의 가중치가 무한대나 NaN이 되어, {step}번째 스텝의 손실을 계산할 수 없었다.",
)
_OUTPUT = Text(
    "At step {step} the output of layer {layer} is the first that is infinite or NaN (largest weight {largest:.3g}).",
    "{step}번째 스텝에서 {layer} 층의 출력이 처음으로 무한대나 NaN이 되었다(가장 큰 가중치 {largest:.3g}).",
)
_LOSS = Text(
    "At step {step} every layer's output is finite (largest {largest:.3g}), but the loss of it is infinite or NaN.",
    "{step}번째 스텝에서 모든 층의 출력은 유한하지만(최댓값 {largest:.3g}) 손실이 무한대나 NaN이다.",
)
_UNCLEAR = Text(
    "At step {step} the loss was infinite or NaN.",
    "{step}번째 스텝에서 손실이 무한대나 NaN이 되었다.",
)
