"""What every registered layer keeps to: its shape is found, a gradient passes, and it runs stacked and traced as it runs alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import whynet.layers  # noqa: F401  registers them
from whynet.layers.stack import Shape, layer
from whynet.registry import Info, infos

EXAMPLES: dict[str, Shape] = {"D": (6,), "TD": (4, 6), "CT": (4, 6), "CHW": (4, 8, 8), "TCHW": (3, 2, 4, 4)}
MORE = {  # settings beyond the example, worth the same care
    "conv2d": ("conv2d(4, [3, 1], stride=[2, 1], dilation=2, groups=2, bias=False)", 'conv2d(3, 3, padding="same")'),
    "max_pool": ("max_pool(3, stride=1, padding=1)",),
    "prelu": ("prelu(per_channel=True)",),
    "softmax": ("softmax(dim=1)",),
    "residual": ("residual([batch_norm], shortcut=[layer_norm])",),
    "batch_norm": ("batch_norm(momentum=0.5)",),
    "self_attention": ("self_attention(heads=3, causal=True)",),
    "transformer_block": ('transformer_block(heads=2, ratio=1, norm="post", causal=True, activation=tanh)',),
    "patch_embedding": ("patch_embedding(2, 3, class_token=False)",),
    "over_time": ('over_time("max")', 'over_time("first")', 'over_time("last")'),
    "lstm": ("lstm(3, last=True)",),
}


def _cases() -> list[tuple[Info, str, str]]:
    return [
        (info, spec, axes)
        for info in infos("layer")
        for axes in info.facts.get("takes", ("D", "TD", "CHW"))
        for spec in (info.facts.get("example", info.name), *MORE.get(info.name, ()))
        if not (info.name == "residual" and "layer_norm" in spec and axes == "CT")
    ]


CASES = [pytest.param(*case, id=f"{case[1]}-{case[2]}") for case in _cases()]
each_layer = pytest.mark.parametrize(("info", "spec", "axes"), CASES)


def _arms(spec: str, shape: Shape, count: int = 3) -> list[nn.Module]:
    torch.manual_seed(0)
    return [layer(spec, shape)[0].double() for _ in range(count)]


@each_layer
def test_the_shape_found_is_the_shape_of_a_batch(info: Info, spec: str, axes: str) -> None:
    module, after = layer(spec, EXAMPLES[axes])
    assert module.training
    for batch in (2, 5):
        assert module(torch.randn(batch, *EXAMPLES[axes])).shape == (batch, *after)


@each_layer
def test_a_gradient_reaches_the_input_and_every_weight(info: Info, spec: str, axes: str) -> None:
    (module,) = _arms(spec, EXAMPLES[axes], 1)
    x = torch.randn(7, *EXAMPLES[axes], dtype=torch.double, requires_grad=True)
    out = module(x)
    weights = torch.randn_like(out)  # a plain sum has no gradient through softmax or a norm
    (out * weights).sum().backward()
    for tensor in (x, *module.parameters()):
        assert tensor.grad is not None
        assert bool(tensor.grad.any()) is not info.facts.get("flat", False)


@each_layer
def test_it_does_not_touch_its_input(info: Info, spec: str, axes: str) -> None:
    (module,) = _arms(spec, EXAMPLES[axes], 1)
    x = torch.randn(4, *EXAMPLES[axes], dtype=torch.double)
    before = x.clone()
    module(x)
    torch.testing.assert_close(x, before, rtol=0, atol=0)


@each_layer
def test_in_evaluation_an_example_does_not_depend_on_its_batch(info: Info, spec: str, axes: str) -> None:
    (module,) = _arms(spec, EXAMPLES[axes], 1)
    module.eval()
    x = torch.randn(4, *EXAMPLES[axes], dtype=torch.double)
    alone = torch.cat([module(example[None]) for example in x])
    torch.testing.assert_close(module(x), alone, rtol=1e-12, atol=1e-12)


@each_layer
def test_stacked_arms_train_as_each_alone_and_can_be_traced(info: Info, spec: str, axes: str) -> None:
    arms = _arms(spec, EXAMPLES[axes])
    for arm in arms:
        arm.eval() if _draws(info) else arm.train()
    parameters, buffers = stack_module_state(arms)
    x = torch.randn(3, 5, *EXAMPLES[axes], dtype=torch.double)

    def loss(p: dict[str, Tensor], x: Tensor, b: dict[str, Tensor]) -> tuple[Tensor, tuple[Tensor, dict[str, Tensor]]]:
        b = {name: buffer.clone() for name, buffer in b.items()}
        out = functional_call(arms[0], {**p, **b}, (x,))
        return out.sin().sum(), (out, b)

    step = vmap(grad(loss, argnums=(0, 1), has_aux=True))
    traced = make_fx(step)({n: p.detach() for n, p in parameters.items()}, torch.zeros_like(x), buffers)  # other numbers
    with torch.no_grad():
        found = step(parameters, x, buffers)
        again = traced(parameters, x, buffers)
    torch.testing.assert_close(again, found, rtol=1e-12, atol=1e-12)

    (gradients, to_x), (outs, after) = found
    for index, arm in enumerate(arms):
        own = x[index].clone().requires_grad_()
        out = arm(own)
        out.sin().sum().backward()
        torch.testing.assert_close(outs[index], out, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(to_x[index], own.grad, rtol=1e-10, atol=1e-12)
        for name, parameter in arm.named_parameters():
            torch.testing.assert_close(gradients[name][index], parameter.grad, rtol=1e-10, atol=1e-12)
        for name, buffer in arm.named_buffers():
            torch.testing.assert_close(after[name][index], buffer, rtol=1e-10, atol=1e-12)


def _draws(info: Info) -> bool:
    """Layers that draw random numbers in training are compared in evaluation; how the engine feeds them is tested there."""
    return info.name in ("dropout", "noise", "noisy_linear", "random_shift", "random_flip")


@pytest.mark.parametrize("info", infos("layer"), ids=lambda info: info.name)
def test_it_says_what_it_is_in_both_languages(info: Info) -> None:
    assert info.idea.en.endswith((".", "?"))
    assert any("가" <= letter <= "힣" for letter in info.idea.ko)
    assert info.make.__doc__
