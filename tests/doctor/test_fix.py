"""Changed lines of recipes and of a user's own objects."""

from __future__ import annotations

import torch
from torch import nn

from whynet.doctor.fix import fix_lines
from whynet.doctor.rates import scaled_rate
from whynet.recipe import Given, Recipe, changed_lines, recipe

X, Y = torch.zeros(8, 3), torch.arange(8) % 2


def own() -> Recipe:
    net = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2), nn.Softmax(dim=1))
    return recipe(Given((X, Y), "data"), net, nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1))


def test_written_recipes_differ_in_the_lines_of_the_recipe() -> None:
    one = recipe("wine", "mlp", optimizer="sgd(lr=0.1)", epochs=3)
    other = one.change(optimizer="adam", epochs=9)
    assert fix_lines(one, other) == changed_lines(one, other)
    assert fix_lines(one, one) == []


def test_a_module_differs_in_the_layers_that_were_changed() -> None:
    one = own()
    changed = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert fix_lines(one, one.change(model=Given(changed, "mended"))) == [
        "- 1 = Sigmoid()", "+ 1 = ReLU()", "- 3 = Softmax(dim=1)",
    ]  # fmt: skip


def test_a_factory_is_asked_for_its_module() -> None:
    one = own().change(model=Given(lambda: nn.Sequential(nn.Linear(3, 2), nn.Tanh()), "factory"))
    other = one.change(model=Given(lambda: nn.Sequential(nn.Linear(3, 2)), "mended"))
    assert fix_lines(one, other) == ["- 1 = Tanh()"]


def test_weights_that_were_changed_and_nothing_else_name_the_model() -> None:
    one = own()
    other = one.change(
        model=Given(nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2), nn.Softmax(dim=1)), "drawn anew")
    )
    assert fix_lines(one, other)[1] == "+ model <drawn anew>"


def test_an_optimizer_differs_in_its_settings() -> None:
    one = own()
    slower = scaled_rate(one, 0.01)
    assert slower is not None
    assert fix_lines(one, slower) == ["- lr=0.1", "+ lr=0.001"]
    assert fix_lines(one, one.change(optimizer="adam(lr=0.001)")) == ["- optimizer <SGD>", "+ optimizer adam(lr=0.001)"]
