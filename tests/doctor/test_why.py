"""`why` on a user's own objects: it reads them, says what is wrong with them, and leaves every bit of them as it was."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import whynet.doctor.diagnose
from whynet.doctor.diagnose import why
from whynet.doctor.fix import fix_lines
from whynet.errors import WhynetError
from whynet.recipe import Recipe, recipe
from whynet.text import use_language

GENERATOR = torch.Generator().manual_seed(7)
X = torch.randn(240, 4, generator=GENERATOR)
LABELS = (X[:, 0] * X[:, 1] > 0).long() + 2 * (X[:, 2] > 0).long()  # four classes, two of the inputs multiplied
VALUES = X[:, :1] - 2 * X[:, 1:2]
SETTINGS: dict[str, Any] = {"epochs": 15, "batch_size": 32}


class Net(nn.Module):
    """A user's network, with a buffer and dropout, and a mistake: softmax on the way out."""

    def __init__(self, softmax: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(32, 4)
        self.out = nn.Softmax(dim=1) if softmax else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.head(self.body(x)))  # type: ignore[no-any-return]


def made(seed: int = 0, **options: Any) -> Net:
    torch.manual_seed(seed)
    return Net(**options)


@pytest.mark.parametrize("rate", [0.3, 1e-6])
def test_nothing_of_the_users_is_changed(rate: float) -> None:
    net = made().train()
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    nn.functional.cross_entropy(net(X[:8]), LABELS[:8]).backward()  # a step has been taken already
    optimizer.step()
    weights, state = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    gradients = [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]
    x, y = X.clone(), LABELS.clone()
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]
    found = why(net, (x, y), nn.CrossEntropyLoss(), optimizer, **SETTINGS)
    assert [cause.name for cause in found.confirmed] == ([] if rate > 0.1 else ["lr-too-low"])
    assert torch.equal(before, torch.get_rng_state())
    assert (numpy_before == np.random.get_state()[1]).all()  # type: ignore[index]
    assert net.training
    assert all(torch.equal(weights[name], value) for name, value in net.state_dict().items())
    assert all(torch.equal(g, p.grad) for g, p in zip(gradients, net.parameters(), strict=True) if p.grad is not None)
    after = optimizer.state_dict()
    assert after["param_groups"] == state["param_groups"]
    for i, values in state["state"].items():
        assert torch.equal(values["momentum_buffer"], after["state"][i]["momentum_buffer"])
    assert torch.equal(x, X)
    assert torch.equal(y, LABELS)


def test_a_softmax_of_ones_own_is_found_and_taken_out() -> None:
    net = made(softmax=True)
    found = why(net, (X, LABELS), nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.02), **SETTINGS)
    assert found.confirmed[0].name == "softmax-before-logits-loss"
    assert found.trial is not None
    changes = [fix_lines(found.recipe, one.recipe) for one in found.trial.tried if one.cause.name == found.confirmed[0].name]
    assert ["- call 1 of softmax in forward"] in changes
    printed = str(found)
    assert str(found.verdict) in printed
    assert all(line in printed for line in found.fix)
    assert "outputs are probabilities already" in printed
    assert isinstance(net.out, nn.Softmax)


FORMS: dict[str, Any] = {
    "tensors": (X, LABELS),
    "arrays": (X.numpy(), LABELS.numpy()),
    "dataset": TensorDataset(X, LABELS),
    "loader": DataLoader(TensorDataset(X, LABELS), batch_size=50, shuffle=True),
    "list": [X, LABELS],
}


@pytest.mark.parametrize("form", FORMS)
def test_data_comes_in_any_form(form: str) -> None:
    net = made()
    found = why(net, FORMS[form], nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), lr=0.01), **SETTINGS)
    assert found.state == "healthy"
    seen = found.examination.fitted.dataset
    assert len(seen.train) + len(seen.validation) + len(seen.test) == 240
    assert torch.equal(seen.train.pool_x, X)


def test_a_factory_and_a_regression() -> None:
    def factory() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))

    found = why(factory, (X, VALUES), nn.MSELoss(), torch.optim.Adam(factory().parameters(), lr=0.03), **SETTINGS)
    assert found.state == "healthy"
    assert found.examination.fitted.dataset.task.metric == "r2"
    assert "r2" in str(found.measured)


def test_a_sick_regression_is_mended() -> None:
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    found = why(net, (X * 300, VALUES), nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=0.01), **SETTINGS)
    assert found.examination.diverged
    assert found.confirmed[0].name == "inputs-not-normalized"
    assert found.fix == ["- data <data>", "+ data <data, standardised>"]


def test_a_recipe_goes_straight_through(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Recipe] = []
    monkeypatch.setattr(whynet.doctor.diagnose, "diagnose", lambda one, *_: asked.append(one))
    one = recipe("iris", "mlp")
    why(one)
    why("mlp(widths=[8])", "wine", optimizer="sgd(lr=0.5)", epochs=3)
    assert asked[0] is one
    assert asked[1].written() == {"data": "wine", "model": "mlp(widths=[8])", "optimizer": "sgd(lr=0.5)", "epochs": "3"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((Net(), (X, LABELS[:10]), nn.CrossEntropyLoss()), "as many targets as inputs"),
        ((Net(), X, nn.CrossEntropyLoss()), r"\(x, y\)"),
        ((nn.Linear(9, 4), (X, LABELS), nn.CrossEntropyLoss()), "cannot take a batch of shape"),
        ((nn.Linear(4, 2), (X, LABELS), nn.CrossEntropyLoss()), "4 classes"),
        ((Net(), (X, LABELS), nn.CrossEntropyLoss(reduction="none")), "one number"),
        ((Net(), (X, LABELS), nn.CrossEntropyLoss(), torch.optim.LBFGS(Net().parameters())), "LBFGS"),
        (("mpl", (X, LABELS)), "Did you mean mlp"),
        ((lambda: 3, (X, LABELS)), "nn.Module"),
    ],
)
def test_what_does_not_fit_together_is_explained_before_training(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(WhynetError, match=words) as raised:
        why(*arguments, batch_size=16)
    with use_language("ko"):
        assert any("가" <= letter <= "힣" for letter in str(raised.value))
