"""Initialisations against torch's own and against their variances; streams against insertion of layers."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from whynet.errors import UnknownNameError
from whynet.models.init import Init, fans, initialise, permuted
from whynet.registry import infos, make, names
from whynet.rng import derive, generator
from whynet.spec import Spec, parse

SHAPES = [(40, 60), (60, 40), (16, 8, 3, 3), (8, 6, 5)]

# spec, and how torch.nn.init fills the same weight from the same generator
REFERENCES: list[tuple[str, Callable[[Tensor, torch.Generator], Any]]] = [
    ("default", lambda w, g: w),
    ("zeros", lambda w, g: nn.init.zeros_(w)),
    ("constant(value=0.3)", lambda w, g: nn.init.constant_(w, 0.3)),
    ("normal(std=0.2)", lambda w, g: nn.init.normal_(w, 0, 0.2, generator=g)),
    ("uniform(bound=0.2)", lambda w, g: nn.init.uniform_(w, -0.2, 0.2, generator=g)),
    ("xavier", lambda w, g: nn.init.xavier_uniform_(w, generator=g)),
    ("xavier(gain=2)", lambda w, g: nn.init.xavier_uniform_(w, 2, generator=g)),
    ('xavier(distribution="normal")', lambda w, g: nn.init.xavier_normal_(w, generator=g)),
    ("he", lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="relu", generator=g)),
    ('he(distribution="uniform")', lambda w, g: nn.init.kaiming_uniform_(w, nonlinearity="relu", generator=g)),
    ("lecun", lambda w, g: nn.init.kaiming_normal_(w, nonlinearity="linear", generator=g)),
    ('lecun(distribution="uniform")', lambda w, g: nn.init.kaiming_uniform_(w, nonlinearity="linear", generator=g)),
    ("orthogonal(gain=1.5)", lambda w, g: nn.init.orthogonal_(w, 1.5, generator=g)),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("spec", "reference"), REFERENCES, ids=[spec for spec, _ in REFERENCES])
def test_equals_torch(spec: str, reference: Callable[[Tensor, torch.Generator], Any], shape: tuple[int, ...]) -> None:
    mine, theirs = torch.full(shape, 7.0), torch.full(shape, 7.0)
    make("init", spec)(mine, generator(0, "init"))
    reference(theirs, generator(0, "init"))
    torch.testing.assert_close(mine, theirs, atol=0, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_count_what_a_unit_sums_up(shape: tuple[int, ...]) -> None:
    """One output of a layer of ones, fed ones, is the number of its terms."""
    weight = torch.ones(shape)
    layer = [nn.functional.linear, nn.functional.conv1d, nn.functional.conv2d][len(shape) - 2]
    one_window = torch.ones(1, *shape[1:])
    assert layer(one_window, weight).flatten()[0].item() == fans(weight)[0]
    assert fans(weight)[1] == fans(weight.transpose(0, 1))[0]


def net(*extra: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, 8), *extra, nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


def linear_weights(model: nn.Module) -> list[Tensor]:
    return [p for layer in model.modules() if isinstance(layer, nn.Linear) for p in (layer.weight, layer.bias)]


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.mark.parametrize("init", [None, "default", "he", "orthogonal"])
@pytest.mark.parametrize("extra", [(nn.BatchNorm1d(8),), (nn.Dropout(), nn.LayerNorm(8)), (nn.Conv1d(1, 1, 3), nn.PReLU())])
def test_inserted_layers_do_not_move_the_others(init: str | None, extra: tuple[nn.Module, ...]) -> None:
    plain, longer = net(), net(*extra)
    for model in (plain, longer):
        initialise(model, parse(init) if init else None, 3)
    assert all(torch.equal(p, q) for p, q in zip(linear_weights(plain), linear_weights(longer), strict=True))


@pytest.mark.parametrize("init", [None, "xavier"])
def test_a_seed_decides_the_weights_and_nothing_else_does(init: str | None) -> None:
    spec = parse(init) if init else None
    first, again, other = net(nn.BatchNorm1d(8)), net(nn.BatchNorm1d(8)), net(nn.BatchNorm1d(8))
    nn.init.constant_(first[1].weight, 5)  # what was there before does not matter
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # type: ignore[index]
    initialise(first, spec, 1)
    initialise(again, spec, 1)
    initialise(other, spec, 2)
    assert same(first, again)
    assert not same(first, other)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (np.random.get_state()[1].tolist(), random.getstate())  # type: ignore[index]


def test_layers_of_one_shape_differ() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    for init in (None, Spec("he")):
        initialise(model, init, 0)
        assert not torch.equal(model[0].weight, model[1].weight)


def test_without_an_init_each_layer_follows_its_own_rule() -> None:
    model = net()
    initialise(model, None, 9)
    for k, layer in enumerate(layer for layer in model if isinstance(layer, nn.Linear)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive(9, "init", "Linear", k))
            fresh = nn.Linear(layer.in_features, layer.out_features)
        assert torch.equal(layer.weight, fresh.weight)
        assert torch.equal(layer.bias, fresh.bias)


def test_an_init_draws_weights_zeroes_biases_and_leaves_norms() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.GroupNorm(2, 4),
        nn.LayerNorm([4, 5]),
        nn.PReLU(4),
        nn.GRU(5, 6),
        nn.Linear(6, 2),
    )
    initialise(model, parse("constant(value=0.25)"), 0)
    for name, parameter in model.named_parameters():
        layer = int(name.partition(".")[0])
        if layer in (1, 2, 3):
            expected = 1.0 if name.endswith("weight") else 0.0
        elif layer == 4:
            expected = 0.25  # PReLU's own beginning, by chance the same
        else:
            expected = 0.0 if "bias" in name else 0.25
        assert torch.equal(parameter, torch.full_like(parameter, expected)), name


def test_arms_of_a_comparison_share_their_random_numbers() -> None:
    he, lecun = net(), net()
    initialise(he, Spec("he"), 4)
    initialise(lecun, Spec("lecun"), 4)
    torch.testing.assert_close(he[0].weight, lecun[0].weight * math.sqrt(2))


def test_the_padding_row_stays_zero() -> None:
    embedding = nn.Embedding(6, 4, padding_idx=2)
    for draw in (lambda: initialise(embedding, Spec("normal"), 0), lambda: permuted(embedding, 1)):
        draw()
        assert (embedding.weight == 0).all(dim=1).tolist() == [False, False, True, False, False, False]


def test_attention_begins_as_torch_begins_it() -> None:
    first, second = nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2)
    initialise(first, None, 0)
    initialise(second, None, 0)
    assert same(first, second)  # in_proj_weight too, which only a private method of torch draws
    assert first.in_proj_weight.abs().max() <= math.sqrt(6 / (8 + 3 * 8))
    assert not first.out_proj.bias.any()
    initialise(first, Spec("zeros"), 0)
    assert not any(parameter.any() for parameter in first.parameters())


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 3))
        self.bias = nn.Parameter(torch.ones(3))
        self.scale = nn.Parameter(torch.ones(3))


def test_parameters_without_a_rule_of_their_own_are_drawn_only_by_an_init() -> None:
    module = Own()
    initialise(module, None, 0)
    assert all((parameter == 1).all() for parameter in module.parameters())
    initialise(module, Spec("normal"), 0)
    assert not (module.weight == 1).any()
    assert not module.bias.any()
    assert (module.scale == 1).all()


def test_an_unknown_init_is_refused_before_anything_is_drawn() -> None:
    model = net()
    before = copy.deepcopy(model)
    with pytest.raises(UnknownNameError, match="xavier"):
        initialise(model, Spec("xavir"), 0)
    assert same(model, before)


def test_permuted_keeps_the_entries_and_moves_them() -> None:
    model = net(nn.BatchNorm1d(8))
    first, again, other = (copy.deepcopy(model) for _ in range(3))
    state = torch.get_rng_state()
    permuted(first, 1)
    permuted(again, 1)
    permuted(other, 2)
    assert torch.equal(state, torch.get_rng_state())
    assert same(first, again)
    for before, p, q in zip(model.parameters(), first.parameters(), other.parameters(), strict=True):
        assert torch.equal(before.flatten().sort().values, p.flatten().sort().values)
        if before.unique().numel() > 20:  # few entries may by chance fall back on their places
            assert not torch.equal(before, p)
            assert not torch.equal(p, q)


def test_weights_elsewhere_are_drawn_on_the_cpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no second device here")
    here, there = net(), net().cuda()
    state = torch.cuda.get_rng_state()
    for model in (here, there):
        initialise(model, Spec("he"), 0)
        permuted(model, 1)
    assert same(here, there.cpu())
    assert torch.equal(state, torch.cuda.get_rng_state())


@pytest.mark.parametrize("info", infos("init"), ids=names("init"))
def test_says_what_it_is(info: Any) -> None:
    assert "``" in info.make.__doc__.splitlines()[0], "the docstring begins with a formula"
    assert info.idea.en != info.idea.ko
    assert isinstance(make("init", info.name), Init)


def test_every_init_has_a_reference() -> None:
    assert {spec.partition("(")[0] for spec, _ in REFERENCES} == set(names("init"))
