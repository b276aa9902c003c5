"""Each loss against torch or scikit-learn, against a slow twin, and stacked against a loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from sklearn import metrics
from torch import Tensor
from torch.func import grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional as F

import whynet.losses  # noqa: F401
from whynet.errors import OptionError, RecipeError, ShapeError
from whynet.losses.cross_entropy import CrossEntropy
from whynet.losses.huber import Huber
from whynet.losses.loss import Loss
from whynet.losses.mse import MSE
from whynet.losses.perceptron import Perceptron
from whynet.registry import infos, make, names
from whynet.task import TASK_KINDS, Task

B, K = 12, 4
CLASSIFY, BINARY, REGRESS = Task("classify", (3,), K), Task("classify", (3,), 2), Task("regress", (3,), 2)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def labels(classes: int, seed: int = 1) -> Tensor:
    return torch.randint(classes, (B,), generator=torch.Generator().manual_seed(seed))


def one_hot(y: Tensor, k: int) -> Tensor:
    return F.one_hot(y, k).float()


# --- slow twins: one example after another, in plain Python ------------------------------------------------------------


def twin_mse(f: list[float], y: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(f, y, strict=True)) / len(f)


def twin_mae(f: list[float], y: list[float]) -> float:
    return sum(abs(a - b) for a, b in zip(f, y, strict=True)) / len(f)


def twin_huber(f: list[float], y: list[float], delta: float = 1.0) -> float:
    errors = [abs(a - b) for a, b in zip(f, y, strict=True)]
    return sum(e * e / 2 if e <= delta else delta * (e - delta / 2) for e in errors) / len(f)


def twin_margin(f: list[float], y: int) -> float:
    if len(f) == 1:
        return f[0] if y == 1 else -f[0]
    return f[y] - max(value for j, value in enumerate(f) if j != y)


def twin_hinge(f: list[float], y: int) -> float:
    return max(0.0, 1 - twin_margin(f, y))


def twin_hebbian(f: list[float], y: int) -> float:
    if len(f) == 1:
        return -f[0] if y == 1 else f[0]
    return -sum(value if j == y else -value for j, value in enumerate(f)) / len(f)


def twin_perceptron(f: list[float], y: int) -> float:
    return max(0.0, -twin_margin(f, y))


def twin_softmax(f: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in f)
    return [math.exp(value) / total for value in f]


def twin_cross_entropy(f: list[float], y: int, smoothing: float = 0.0) -> float:
    p = twin_softmax(f)
    return -sum(((1 - smoothing) * (j == y) + smoothing / len(f)) * math.log(p[j]) for j in range(len(f)))


def twin_bce(f: list[float], y: int) -> float:
    p = 1 / (1 + math.exp(-f[0]))
    return -math.log(p if y else 1 - p)


def twin_contrastive(f: list[float], y: int, margin: float = 1.0) -> float:
    return (max(0.0, margin - f[0]) if y else f[0]) ** 2 / 2


def twin_bce_of_probabilities(f: list[float], y: int) -> float:
    p = min(max(f[0], 1e-7), 1 - 1e-7)
    return -math.log(p if y else 1 - p)


def twin_nll_of_probabilities(f: list[float], y: int) -> float:
    return -math.log(min(max(f[y] / sum(f), 1e-7), 1 - 1e-7))


# --- every case: spec, outputs, targets, the reference on the batch, the twin on one example ------------------------------

Reference = Callable[[Tensor, Tensor], Any]
Twin = Callable[[list[float], Any], float]
logit, logits, values, wanted = draw(B, 1), draw(B, K), draw(B, 2), draw(B, 2, seed=5)
y2, yk = labels(2), labels(K)

CASES: list[tuple[str, Tensor, Tensor, Reference, Twin]] = [
    ("mse", values, wanted, F.mse_loss, twin_mse),
    ("mse", logits, yk, lambda f, y: F.mse_loss(f, one_hot(y, K)), lambda f, y: twin_mse(f, [float(j == y) for j in range(K)])),
    ("mse", logit, y2, lambda f, y: F.mse_loss(f[:, 0], y.float()), lambda f, y: twin_mse(f, [float(y)])),
    ('mse(reduction="sum")', values, wanted, lambda f, y: F.mse_loss(f, y, reduction="sum"), lambda f, y: B * 2 * twin_mse(f, y)),
    ("mae", values, wanted, F.l1_loss, twin_mae),
    ("mae", logits, yk, lambda f, y: F.l1_loss(f, one_hot(y, K)), lambda f, y: twin_mae(f, [float(j == y) for j in range(K)])),
    ("huber", values, wanted, F.huber_loss, twin_huber),
    ("huber(delta=0.3)", values, wanted, lambda f, y: F.huber_loss(f, y, delta=0.3), lambda f, y: twin_huber(f, y, 0.3)),
    ("hinge", logit, y2, lambda f, y: metrics.hinge_loss(y, f[:, 0]), twin_hinge),
    ("hinge", logits, yk, lambda f, y: metrics.hinge_loss(y, f, labels=range(K)), twin_hinge),
    ("hebbian", logit, y2, lambda f, y: -torch.dot(2 * y.float() - 1, f[:, 0]) / B, twin_hebbian),
    ("hebbian", logits, yk, lambda f, y: (f.mean(1) - 2 * f.gather(1, y[:, None])[:, 0] / K).mean(), twin_hebbian),
    ("perceptron", logit, y2, lambda f, y: F.relu(-(2 * y - 1) * f[:, 0]).mean(), twin_perceptron),
    ("perceptron", logits, yk, lambda f, y: (f.amax(1) - f.gather(1, y[:, None])[:, 0]).mean(), twin_perceptron),
    ("cross_entropy", logits, yk, F.cross_entropy, twin_cross_entropy),
    ("cross_entropy", logits, yk, lambda f, y: metrics.log_loss(y, f.double().softmax(1), labels=range(K)), twin_cross_entropy),
    ("cross_entropy(label_smoothing=0.2)", logits, yk, lambda f, y: F.cross_entropy(f, y, label_smoothing=0.2),
     lambda f, y: twin_cross_entropy(f, y, 0.2)),
    ('cross_entropy(reduction="sum")', logits, yk, lambda f, y: F.cross_entropy(f, y, reduction="sum"),
     lambda f, y: B * twin_cross_entropy(f, y)),
    ("binary_cross_entropy", logit, y2, lambda f, y: F.binary_cross_entropy(f[:, 0].sigmoid(), y.float()), twin_bce),
    ("binary_cross_entropy_of_probabilities", logit.sigmoid(), y2, lambda f, y: F.binary_cross_entropy(f[:, 0], y.float()),
     twin_bce_of_probabilities),
    ("contrastive", logit.abs(), y2, lambda f, y: F.mse_loss(torch.where(y == 1, 1 - f[:, 0], f[:, 0]).clamp(min=0), 0 * f[:, 0]) / 2,
     twin_contrastive),
    ("contrastive(margin=2)", logit.abs(), y2, lambda f, y: F.mse_loss((y + y - f[:, 0] * (2 * y - 1)).clamp(min=0), 0 * f[:, 0]) / 2,
     lambda f, y: twin_contrastive(f, y, 2)),
    ("nll_of_probabilities", logits.softmax(1), yk, lambda f, y: F.nll_loss(f.log(), y), twin_nll_of_probabilities),
    ("nll_of_probabilities", logits.exp(), yk, lambda f, y: F.cross_entropy(f.log(), y), twin_nll_of_probabilities),
]  # fmt: skip
IDS = [f"{case[0]}-{case[1].shape[1]}" + ("-labels" if case[2].ndim == 1 else "") + f"-{i}" for i, case in enumerate(CASES)]
every_case = pytest.mark.parametrize(("spec", "outputs", "targets", "reference", "twin"), CASES, ids=IDS)


@every_case
def test_equals_reference_and_twin(spec: str, outputs: Tensor, targets: Tensor, reference: Reference, twin: Twin) -> None:
    loss = make("loss", spec)(outputs, targets)
    assert loss.shape == ()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(float(reference(outputs, targets)), rel=1e-5)
    slow = [twin(f, y) for f, y in zip(outputs.double().tolist(), targets.tolist(), strict=True)]
    assert loss.item() == pytest.approx(sum(slow) / B, rel=1e-5)


@every_case
def test_gradient_equals_that_of_the_twin(
    spec: str, outputs: Tensor, targets: Tensor, reference: Reference, twin: Twin
) -> None:
    loss, outputs = make("loss", spec), outputs.double()
    fast = grad(loss)(outputs, targets)
    step = 1e-6
    for b in range(B):
        for j in range(outputs.shape[1]):
            up, down = outputs[b].tolist(), outputs[b].tolist()
            up[j] += step
            down[j] -= step
            slow = (twin(up, targets[b].tolist()) - twin(down, targets[b].tolist())) / (2 * step) / B
            assert fast[b, j].item() == pytest.approx(slow, abs=1e-6, rel=1e-5)


@every_case
def test_stacked_and_traced_equal_a_loop(spec: str, outputs: Tensor, targets: Tensor, reference: Reference, twin: Twin) -> None:
    loss = make("loss", spec)
    arms = torch.stack([outputs, outputs.roll(1, 0), outputs.roll(2, 0)])  # (A, B, units)
    step = vmap(grad(loss), in_dims=(0, None))
    loop = torch.stack([grad(loss)(arm, targets) for arm in arms])
    torch.testing.assert_close(step(arms, targets), loop)
    traced = make_fx(step)(arms, targets)
    torch.testing.assert_close(traced(arms.flip(0), targets), loop.flip(0))


@pytest.mark.parametrize(
    ("loss", "option", "settings", "outputs", "targets"),
    [(Huber(), "delta", [0.2, 1.0, 3.0], values, wanted), (CrossEntropy(), "label_smoothing", [0.0, 0.1, 0.5], logits, yk)],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_each_arm_may_have_its_own_option(
    loss: Loss, option: str, settings: list[float], outputs: Tensor, targets: Tensor, dtype: torch.dtype
) -> None:
    def gradient(outputs: Tensor, setting: Any) -> Tensor:
        return grad(lambda f: replace(loss, **{option: setting})(f, targets))(outputs)  # type: ignore[type-var]

    stacked = vmap(gradient, in_dims=(None, 0))(outputs, torch.tensor(settings, dtype=dtype))
    assert stacked.dtype == torch.float32
    torch.testing.assert_close(stacked, torch.stack([gradient(outputs, setting) for setting in settings]))
    summed = replace(loss, reduction="sum") if isinstance(loss, CrossEntropy) else loss
    alone = replace(summed, **{option: torch.tensor(settings[1], dtype=dtype)})  # type: ignore[arg-type]
    torch.testing.assert_close(alone(outputs, targets), replace(summed, **{option: settings[1]})(outputs, targets))  # type: ignore[arg-type]


# --- what is special about one loss ------------------------------------------------------------------------------------


def test_perceptron_begins_to_learn_at_zero() -> None:
    slopes = grad(Perceptron())(torch.zeros(2, 1), torch.tensor([0, 1]))
    assert slopes.flatten().tolist() == [0.5, -0.5]  # Rosenblatt: w += y x where y f <= 0


def test_cross_entropy_stays_finite_where_probabilities_do_not() -> None:
    far, wrong = torch.tensor([[200.0, -200.0]]), torch.tensor([1])
    assert make("loss", "cross_entropy")(far, wrong).item() == 400
    assert grad(make("loss", "cross_entropy"))(far, wrong).abs().sum() == 2
    clipped = make("loss", "nll_of_probabilities")
    assert clipped(far.softmax(1), wrong).item() == pytest.approx(-math.log(1e-7))
    assert grad(clipped)(far.softmax(1), wrong).abs().sum() == 0  # the fault it is here to show
    assert make("loss", "binary_cross_entropy")(far[:, 1:], wrong).item() == 200


def test_binary_cross_entropy_of_probabilities_has_no_gradient_for_a_sure_mistake() -> None:
    loss, sure, wrong = make("loss", "binary_cross_entropy_of_probabilities"), torch.tensor([[0.0]]), torch.tensor([1])
    assert loss(sure, wrong).item() == pytest.approx(-math.log(1e-7), rel=1e-5)
    assert grad(loss)(sure, wrong).item() == 0


# --- units, decisions and refusals -------------------------------------------------------------------------------------

UNITS = {  # on a task of 4 classes, of 2 classes, of 2 values
    "binary_cross_entropy": (None, 1, None),
    "binary_cross_entropy_of_probabilities": (None, 1, None),
    "contrastive": (None, 1, None),
    "cross_entropy": (4, 2, None),
    "hebbian": (4, 1, None),
    "hinge": (4, 1, None),
    "huber": (4, 2, 2),
    "mae": (4, 2, 2),
    "mse": (4, 2, 2),
    "nll_of_probabilities": (4, 2, None),
    "perceptron": (4, 1, None),
}
PLAIN = sorted(UNITS)


@pytest.mark.parametrize("name", PLAIN)
def test_units(name: str) -> None:
    loss = make("loss", name)
    for task, expected in zip((CLASSIFY, BINARY, REGRESS), UNITS[name], strict=True):
        if expected is None:
            with pytest.raises(RecipeError, match=name):
                loss.units(task)
        else:
            assert loss.units(task) == expected


@pytest.mark.parametrize("name", PLAIN)
def test_decides_by_the_shape_of_the_outputs(name: str) -> None:
    loss = make("loss", name)
    threshold = 0.0 if loss.reads in ("logits", "scores") else 0.5
    one = torch.tensor([[threshold - 0.1], [threshold + 0.1]])
    assert loss.decide(one, BINARY).tolist() == [0, 1]
    many = torch.tensor([[0.1, 0.3, 0.2], [0.9, -0.5, 0.0]])
    assert loss.decide(many, CLASSIFY).tolist() == [1, 0]
    assert loss.decide(many, CLASSIFY).dtype == torch.int64
    with pytest.raises(ShapeError, match=r"Received: \(3,\)"):
        loss.decide(torch.zeros(3), BINARY)


@pytest.mark.parametrize("name", ["mse", "mae", "huber"])
def test_values_are_read_as_they_are(name: str) -> None:
    assert make("loss", name).decide(values, REGRESS) is values


@pytest.mark.parametrize("name", ["mse", "mae", "huber"])
@pytest.mark.parametrize(
    ("outputs", "targets"), [((6, 1), (6,)), ((6,), (6, 1)), ((6, 2), (6, 1)), ((6, 2), (5, 2)), ((6, 1), (1, 6))]
)
def test_values_that_would_broadcast_are_refused(name: str, outputs: tuple[int, ...], targets: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as refusal:
        make("loss", name)(torch.zeros(outputs), torch.zeros(targets))
    assert f"outputs {outputs}, targets {targets} float32" in str(refusal.value)
    assert str(outputs) in refusal.value.message.show("ko")


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(
    ("outputs", "targets"),
    [(torch.zeros(6, 1), labels(2)[:5]), (torch.zeros(6), labels(2)[:6]), (torch.zeros(6, 2, 2), labels(2)[:6])],
)
def test_labels_that_do_not_fit_are_refused(name: str, outputs: Tensor, targets: Tensor) -> None:
    with pytest.raises(ShapeError, match="class labels"):
        make("loss", name)(outputs, targets)


@pytest.mark.parametrize("name", sorted(set(PLAIN) - {"mse", "mae", "huber"}))
def test_losses_of_classes_refuse_values(name: str) -> None:
    with pytest.raises(ShapeError, match="float32"):
        make("loss", name)(torch.ones(6, 1), torch.ones(6, 1))


@pytest.mark.parametrize("spec", ["huber(delta=0)", "cross_entropy(label_smoothing=1)", 'mse(reduction="none")'])
def test_options_out_of_range_are_refused(spec: str) -> None:
    with pytest.raises(OptionError):
        make("loss", spec)


# --- the contract over everything registered -----------------------------------------------------------------------------


@pytest.mark.parametrize("info", infos("loss"), ids=names("loss"))
def test_says_what_it_is(info: Any) -> None:
    assert "``" in info.make.__doc__, "the docstring begins with a formula"
    assert info.idea.en != info.idea.ko
    assert info.year
    assert info.source
    assert info.accepts <= set(TASK_KINDS)


def test_every_plain_loss_has_a_reference() -> None:
    tested = {spec.partition("(")[0] for spec, *_ in CASES}
    plain = {info.name for info in infos("loss") if issubclass(info.make, Loss) and info.accepts <= {"classify", "regress"}}  # type: ignore[arg-type]
    assert tested == plain == set(UNITS)


def test_mse_summed_grows_with_the_batch() -> None:
    outputs, targets = torch.ones(8, 1), torch.zeros(8, 1)
    assert MSE(reduction="sum")(outputs, targets) == 8 * MSE()(outputs, targets)
