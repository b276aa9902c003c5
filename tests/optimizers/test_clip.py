"""Clipping against torch's own, one gradient at a time and stacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.fx.experimental.proxy_tensor import make_fx

import whynet.optimizers  # noqa: F401
from whynet.errors import OptionError
from whynet.registry import infos, make, names

CASES: dict[str, Callable[[list[nn.Parameter], float], Any]] = {
    "norm": nn.utils.clip_grad_norm_,
    "value": nn.utils.clip_grad_value_,
}
every = pytest.mark.parametrize("name", sorted(CASES))
gradient = torch.randn(30, generator=torch.Generator().manual_seed(0))


def reference(name: str, gradient: Tensor, most: float) -> Tensor:
    parts = [nn.Parameter(torch.zeros(10)) for _ in range(3)]  # a network of three tensors: the length is over all of them
    for part, its in zip(parts, gradient.split(10), strict=True):
        part.grad = its.clone()
    CASES[name](parts, most)
    return torch.cat([part.grad for part in parts if part.grad is not None])


@every
@pytest.mark.parametrize("most", [0.01, 0.5, 1.0, 100.0])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e6])
def test_equals_torch(name: str, most: float, scale: float) -> None:
    before = gradient.clone()
    clipped = make("clip", f"{name}(most={most})")(gradient * scale)
    torch.testing.assert_close(clipped, reference(name, gradient * scale, most))
    assert torch.equal(gradient, before)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_arm_may_have_its_own_limit(name: str, dtype: torch.dtype) -> None:
    limits = [0.1, 1.0, 50.0]
    clip = vmap(lambda g, most: replace(make("clip", name), most=most)(g))
    arms = torch.stack([gradient, 2 * gradient, -gradient])
    stacked = make_fx(clip)(arms, torch.tensor(limits, dtype=dtype))(arms, torch.tensor(limits, dtype=dtype))
    assert stacked.dtype == torch.float32
    torch.testing.assert_close(stacked, torch.stack([reference(name, g, most) for g, most in zip(arms, limits, strict=True)]))


@every
def test_a_gradient_that_is_not_a_number_stays_so(name: str) -> None:
    assert make("clip", name)(torch.tensor([1.0, torch.nan])).isnan().any()


@every
def test_a_limit_of_zero_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="most: expected a number with 0 < x"):
        make("clip", f"{name}(most=0)")


@pytest.mark.parametrize("info", infos("clip"), ids=names("clip"))
def test_says_what_it_is(info: Any) -> None:
    assert "``" in info.make.__doc__.splitlines()[0], "the docstring begins with a formula"
    assert info.idea.en != info.idea.ko
    assert info.year
    assert info.source


def test_every_clip_has_a_reference() -> None:
    assert set(CASES) == set(names("clip"))
