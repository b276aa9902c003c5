"""What every registered model keeps to, over all of them and over the settings that change their shape."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import whynet.models  # noqa: F401  registers them
from whynet.losses.loss import Loss
from whynet.models.build import build
from whynet.models.card import Published
from whynet.models.describe import describe
from whynet.recipe import known
from whynet.registry import Info, canonical, get, infos, make
from whynet.spec import parse
from whynet.task import TASK_KINDS, TaskKind

VARIANTS = {
    "mlp": (
        "mlp(widths=[])",
        'mlp(widths=[8] * 4, activation=tanh, norm="batch", skip="add")',
        'mlp(widths=[8, 5], activation=leaky_relu(slope=0.2), norm="layer", skip="concat", bias=False)',
        "mlp(activation=prelu, output_activation=sigmoid)",
    ),
    "lenet5": ('lenet5(activation="relu", pool="max")',),
    "sequential": ("sequential([reshape([2, 3]), conv1d(4, 2), gelu, flatten, linear(3)])", "sequential([], head=True)"),
}


# of one example, where neither (2, 12, 14) nor (6,) will do
SHAPES: dict[str, tuple[int, ...]] = {"lrcn": (3, 2, 6, 5), "siamese": (2, 1, 6, 5)}


def _cases() -> list[tuple[str, TaskKind]]:
    return [
        (spec, kind)
        for info in infos("model")
        for spec in (info.facts.get("example", info.name), *VARIANTS.get(info.name, ()))
        for kind in TASK_KINDS
        if not info.accepts or kind in info.accepts
    ]


each_model = pytest.mark.parametrize(("spec", "kind"), _cases())


def _shape(spec: str) -> tuple[int, ...]:
    name = parse(spec).name
    return SHAPES.get(name, (2, 12, 14) if "CHW" in get("model", name).facts.get("takes", ()) else (6,))


def _units(spec: str) -> int:
    return 1 if parse(spec).name in ("logistic_regression", "siamese") else 3


def _model(spec: str, kind: TaskKind, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build(spec, _shape(spec), _units(spec), kind).double()


def _batch(spec: str, kind: TaskKind, count: int = 16) -> tuple[Tensor, Tensor]:
    x = torch.randn(count, *_shape(spec), dtype=torch.double)
    if kind == "regress":
        return x, torch.randn(count, _units(spec), dtype=torch.double)
    if kind == "segment":
        return x, torch.randint(-1, _units(spec), (count, *_shape(spec)[1:]))
    if kind == "detect":
        corner = torch.rand(count, 2, 2, dtype=torch.double) / 2
        classes = torch.randint(0, _units(spec), (count, 2, 1)).double()
        boxes = torch.cat([classes, corner, corner + 0.1 + 0.4 * torch.rand(count, 2, 2, dtype=torch.double)], dim=-1)
        boxes[::3, 1] = torch.tensor([-1.0, 0, 0, 0, 0])  # a row that holds no box
        return x, boxes
    return x, torch.randint(0, max(2, _units(spec)), (count,))


def _loss(outputs: Tensor, y: Tensor, spec: str) -> Tensor:
    own = get("model", parse(spec).name).facts.get("loss")
    if y.ndim == 3 and y.is_floating_point():
        loss: Loss = make("loss", own)
        return loss(outputs, y)
    if y.is_floating_point():
        return F.mse_loss(outputs, y)
    if y.ndim == 3:
        return F.cross_entropy(outputs, y, ignore_index=-1)
    return (
        F.cross_entropy(outputs, y) if outputs.shape[1] > 1 else F.binary_cross_entropy_with_logits(outputs[:, 0], y.double())
    )


@each_model
def test_it_answers_with_one_row_an_example(spec: str, kind: TaskKind) -> None:
    model = _model(spec, kind)
    assert model.training
    for count in (2, 7):
        answer = tuple(model(_batch(spec, kind, count)[0]).shape)
        assert answer[0] == count
        if kind != "detect":  # whose loss knows the shape
            assert answer[1:] == (_units(spec), *(_shape(spec)[1:] if kind == "segment" else ()))


@each_model
def test_a_gradient_reaches_every_weight(spec: str, kind: TaskKind) -> None:
    model = _model(spec, kind)
    x, y = _batch(spec, kind)
    _loss(model(x), y, spec).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        if "norm" not in spec or not name.endswith("linear.bias"):  # a norm takes the mean, and the bias with it
            assert parameter.grad.any(), name


@each_model
def test_its_loss_falls_on_one_batch(spec: str, kind: TaskKind) -> None:
    model = _model(spec, kind)
    x, y = _batch(spec, kind)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(50):
        loss = _loss(model(x), y, spec)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]
    assert sum(losses[-5:]) < sum(losses[:5])


@each_model
def test_its_state_can_be_saved_and_loaded(spec: str, kind: TaskKind) -> None:
    model, other = _model(spec, kind, seed=0), _model(spec, kind, seed=1)
    x, _ = _batch(spec, kind)
    model(x)  # running statistics move
    assert any(not torch.equal(mine, theirs) for mine, theirs in zip(model.parameters(), other.parameters(), strict=True))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(x), other.eval()(x))


@each_model
def test_the_same_seed_makes_the_same_weights(spec: str, kind: TaskKind) -> None:
    mine, theirs = (_model(spec, kind, seed=7).state_dict() for _ in range(2))
    assert list(mine) == list(theirs)
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


@each_model
def test_stacked_arms_train_as_each_alone_and_can_be_traced(spec: str, kind: TaskKind) -> None:
    arms = [_model(spec, kind, seed) for seed in range(3)]
    parameters, buffers = stack_module_state(arms)
    x, y = _batch(spec, kind)

    def loss(p: dict[str, Tensor], b: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        b = {name: buffer.clone() for name, buffer in b.items()}
        return _loss(functional_call(arms[0], {**p, **b}, (x,)), y, spec), b

    step = vmap(grad(loss, has_aux=True))
    traced = make_fx(step)({name: torch.ones_like(p) for name, p in parameters.items()}, buffers)  # other weights
    with torch.no_grad():
        found, again = step(parameters, buffers), traced(parameters, buffers)
    torch.testing.assert_close(again, found, rtol=1e-10, atol=1e-12)
    for index, arm in enumerate(arms):
        _loss(arm(x), y, spec).backward()
        for name, parameter in arm.named_parameters():
            torch.testing.assert_close(found[0][name][index], parameter.grad, rtol=1e-8, atol=1e-12)
        for name, buffer in arm.named_buffers():
            torch.testing.assert_close(found[1][name][index], buffer, rtol=1e-10, atol=1e-12)


@each_model
def test_it_can_be_described(spec: str, kind: TaskKind) -> None:
    model = _model(spec, kind)
    description = describe(model, _shape(spec), dtype=torch.double)
    assert sum(row.parameters for row in description.rows) == sum(parameter.numel() for parameter in model.parameters())
    if kind in ("classify", "regress"):
        assert description.rows[-1].output == (1, _units(spec))


@each_model
def test_its_spec_survives_being_written_down(spec: str, kind: TaskKind) -> None:
    written = str(canonical("model", spec))
    assert str(canonical("model", written)) == written
    assert repr(_model(written, kind)) == repr(_model(spec, kind))


@pytest.mark.parametrize("info", infos("model"), ids=lambda info: info.name)
def test_it_says_what_it_is_in_both_languages(info: Info) -> None:
    assert info.accepts
    assert info.idea.en.endswith((".", "?"))
    assert any("가" <= letter <= "힣" for letter in info.idea.ko)
    assert info.make.__doc__


def _published() -> list[Published]:
    return [one for info in infos("model") for one in info.facts.get("published", ())]


@pytest.mark.parametrize("one", _published(), ids=lambda one: one.spec)
def test_it_is_as_large_as_was_published(one: Published) -> None:
    with torch.device("meta"):
        model = build(one.spec, one.inputs, one.outputs)
    assert sum(parameter.numel() for parameter in model.parameters()) == one.parameters
    assert one.said


@pytest.mark.parametrize("info", infos("model"), ids=lambda info: info.name)
def test_a_recipe_is_known_that_trains_it(info: Info) -> None:
    first, *_ = known(info.name)
    assert get("data", parse(str(first.data)).name).facts["needs"] == "nothing"
    assert parse(str(first.model)).name == info.name
