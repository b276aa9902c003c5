"""The Siamese network, the linear SVM against scikit-learn's, and the Hebbian network against its rule."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from whynet.data import load
from whynet.errors import RecipeError, ShapeError
from whynet.losses.hinge import Hinge
from whynet.models.build import build
from whynet.models.siamese import Siamese

# --- siamese -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("normalise", [False, True])
def test_both_pictures_of_a_pair_go_through_one_network(normalise: bool) -> None:
    model = build(f"siamese([conv2d(3, 3), relu], width=4, normalise={normalise})", (2, 1, 5, 6), 1).double().eval()
    assert isinstance(model, Siamese)
    pairs = torch.randn(3, 2, 1, 5, 6, dtype=torch.double)
    where = [[model.embed(picture[None])[0] for picture in pair] for pair in pairs]
    expected = torch.stack([(first - second).norm() for first, second in where])
    torch.testing.assert_close(model(pairs)[:, 0], expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(model(pairs.flip(1)), model(pairs))
    if normalise:
        assert all(abs(float(one.detach().norm()) - 1) < 1e-9 for pair in where for one in pair)


def test_a_picture_beside_itself_is_at_no_distance_and_has_a_finite_gradient() -> None:
    model = build("siamese([tanh], width=4)", (2, 1, 3, 3), 1)
    picture = torch.randn(2, 1, 1, 3, 3)
    distance = model(torch.cat([picture, picture], dim=1))
    distance.sum().backward()
    assert distance.max() < 0.01
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_what_is_no_pair_and_a_loss_of_several_outputs_are_refused() -> None:
    with pytest.raises(ShapeError) as no_pair:
        build("siamese", (1, 8, 8), 1)
    assert "Received: (1, 8, 8)" in str(no_pair.value)
    with pytest.raises(RecipeError) as two:
        build("siamese", (2, 1, 8, 8), 2)
    assert "2 outputs" in str(two.value)


# --- svm ---------------------------------------------------------------------------------------------------------------


def _objective(weight: np.ndarray, bias: np.ndarray, x: np.ndarray, y: np.ndarray, decay: float) -> float:
    """λ/2 (‖W‖² + ‖b‖²) + mean max(0, 1 - m), by a loop."""
    total = 0.0
    for row, label in zip(x, y, strict=True):
        scores = weight @ row + bias
        if len(scores) == 1:
            lead = scores[0] if label else -scores[0]
        else:
            lead = scores[label] - max(score for k, score in enumerate(scores) if k != label)
        total += max(0.0, 1 - lead)
    return total / len(y) + decay / 2 * float((weight**2).sum() + (bias**2).sum())


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_descent_reaches_the_optimum_of_scikit_learn(name: str) -> None:
    data, decay = load(name), 0.01
    model = build("svm", data.task.inputs, Hinge().units(data.task)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    for _ in range(1000):
        optimizer.zero_grad()
        Hinge()(model(data.train.x.double()), data.train.y).backward()
        optimizer.step()
        schedule.step()

    x, y = data.train.x.double().numpy(), data.train.y.numpy()
    multi = "crammer_singer" if data.task.outputs > 2 else "ovr"
    reference = LinearSVC(loss="hinge", C=1 / (decay * len(y)), multi_class=multi, tol=1e-8, max_iter=1_000_000, random_state=0)
    reference.fit(x, y)
    head = model.head
    assert isinstance(head, nn.Linear)
    own = _objective(head.weight.detach().numpy(), head.bias.detach().numpy(), x, y, decay)
    best = _objective(reference.coef_, reference.intercept_, x, y, decay)
    assert best * (1 - 1e-4) <= own <= best * 1.01
    answers = Hinge().decide(model(data.test.x.double()), data.task)
    score = float((answers == data.test.y).double().mean())
    assert abs(score - reference.score(data.test.x.numpy(), data.test.y.numpy())) <= 2 / len(data.test) + 1e-9  # two examples


def test_only_examples_at_the_margin_hold_an_svm_in_place() -> None:
    model = build("svm", (3,), 1)
    x, y = torch.randn(20, 3), torch.randint(0, 2, (20,))
    lead = (2 * y - 1) * model(x)[:, 0]
    (Hinge()(model(x), y)).backward()
    pushed = (((2 * y - 1) * (lead < 1))[:, None] * x).sum(0) / 20
    head = model.head
    assert isinstance(head, nn.Linear)
    assert head.weight.grad is not None
    torch.testing.assert_close(head.weight.grad[0], -pushed)


# --- hebbian -----------------------------------------------------------------------------------------------------------


def test_a_step_of_the_hebbian_network_adds_the_signs_of_each_class() -> None:
    data = load("iris(scale=standard)")
    before = build("hebbian", (4,), 3)
    model = copy.deepcopy(before)
    x, y = data.train.x, data.train.y
    scores = model(x)
    wanted = torch.where(torch.arange(3) == y[:, None], 1.0, -1.0)
    (-(wanted * scores).mean()).backward()
    head = model.head
    assert isinstance(head, nn.Linear)
    assert head.weight.grad is not None
    rule = torch.zeros(3, 4)
    for example, label in zip(x, y.tolist(), strict=True):
        for k in range(3):
            rule[k] += (1 if k == label else -1) * example.sign()
    torch.testing.assert_close(-head.weight.grad, rule / (3 * len(y)))


@pytest.mark.parametrize("learns", [True, False])
def test_hidden_weights_move_by_agreement_or_not_at_all(learns: bool) -> None:
    model = build(f"hebbian(widths=[5], learns={learns})", (4,), 3)
    model(torch.randn(6, 4)).sum().backward()
    hidden: Tensor | None = next(model.parameters()).grad
    assert hidden is not None
    assert bool(hidden.any()) is learns
