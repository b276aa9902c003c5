"""Causes in the data: shown by counting and by what neighbours tell, silent about healthy look-alikes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from whynet.data import from_tensors, load
from whynet.data.dataset import Dataset, Examples
from whynet.doctor.cause import Cause, Suspicion
from whynet.doctor.causes.class_imbalance import ClassImbalance
from whynet.doctor.causes.inputs_not_normalized import InputsNotNormalized
from whynet.doctor.causes.inputs_over_normalized import InputsOverNormalized
from whynet.doctor.causes.label_encoding_error import LabelEncodingError
from whynet.doctor.causes.label_noise import LabelNoise
from whynet.doctor.causes.labels_corrupted_by_preprocessing import LabelsCorruptedByPreprocessing
from whynet.doctor.causes.labels_misaligned import LabelsMisaligned
from whynet.doctor.causes.nothing_to_learn import NothingToLearn
from whynet.doctor.causes.targets_not_normalized import TargetsNotNormalized
from whynet.doctor.causes.train_test_preprocessing_mismatch import TrainTestPreprocessingMismatch
from whynet.doctor.causes.validation_overlaps_train import ValidationOverlapsTrain
from whynet.doctor.causes.validation_split_not_shuffled import ValidationSplitNotShuffled
from whynet.doctor.causes.wrong_loss import WrongLoss
from whynet.doctor.examination import examine
from whynet.engine.arm import load_data, prepare
from whynet.engine.fit import fit
from whynet.recipe import Given, Recipe, recipe
from whynet.text import use_language

DATA: tuple[type[Cause], ...] = (
    ClassImbalance,
    InputsNotNormalized,
    InputsOverNormalized,
    LabelEncodingError,
    LabelNoise,
    LabelsCorruptedByPreprocessing,
    LabelsMisaligned,
    NothingToLearn,
    TargetsNotNormalized,
    TrainTestPreprocessingMismatch,
    ValidationOverlapsTrain,
    ValidationSplitNotShuffled,
    WrongLoss,  # whose targets those of the encoding errors are not
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def groups(n: int = 600, k: int = 3, apart: float = 3.0, shares: tuple[float, ...] | None = None) -> tuple[Tensor, Tensor]:
    """k clouds in four dimensions, in random order."""
    drawn = generator()
    y = torch.multinomial(torch.tensor(shares or (1.0,) * k), n, replacement=True, generator=drawn)
    centres = apart * torch.randn(k, 4, generator=drawn)
    x = centres[y] + torch.randn(n, 4, generator=drawn)
    return (x - x.mean(0)) / x.std(0), y


def split(x: Tensor, y: Tensor, train: int, test: int) -> Dataset:
    """A data set of the user's own cut: the first, then the last, and the rest for validation."""
    whole = from_tensors(x, y)
    index = torch.arange(len(x))
    parts = (index[:train], index[train : len(x) - test], index[len(x) - test :])
    sets = [Examples(whole.train.pool_x, whole.train.pool_y, part) for part in parts]
    return replace(whole, train=sets[0], validation=sets[1], test=sets[2])


def short(data: Any, model: Any = "mlp(widths=[16])", loss: Any = None, **settings: Any) -> Recipe:
    given = data if isinstance(data, str) else Given(data, "mine")
    return recipe(given, model, loss=loss, **{"optimizer": "adam(lr=0.01)", "epochs": 5, **settings})


def speaking(one: Recipe) -> dict[str, Suspicion]:
    """The causes of this file that have anything to say for themselves."""
    seen = examine(one)
    return {cause.name: found for cause in DATA if (found := cause().look(seen)).speaks == "for"}


def noisy() -> Dataset:
    """A third of the training labels drawn anew; the test is clean."""
    x, y = groups()
    drawn = generator(1)
    wrong = (torch.rand(len(y), generator=drawn) < 0.45) & (torch.arange(len(y)) < 480)
    return split(x, torch.where(wrong, torch.randint(3, y.shape, generator=drawn), y), 420, 120)


def mixed(change: Callable[[Tensor], Tensor]) -> Dataset:
    """Test and validation inputs changed after the split."""
    x, y = groups()
    return split(torch.cat([x[:420], change(x[420:])]), y, 420, 120)


def all_of_one() -> Dataset:
    """Every label cast to 0 after the classes were named."""
    whole = split(X, Y, 420, 120)
    train, validation, test = (
        Examples(X, torch.zeros_like(Y), part.index) for part in (whole.train, whole.validation, whole.test)
    )
    return replace(whole, train=train, validation=validation, test=test)


def overlapping() -> Dataset:
    x, y = groups()
    return split(torch.cat([x, x[:60]]), torch.cat([y, y[:60]]), 540, 90)


def judged_by(kept: float) -> Dataset:
    """Validation and test are the first share of the training examples; 1: all of them."""
    whole = split(X, Y, 600, 0)
    own = replace(whole.train, index=whole.train.index[: int(600 * kept)])
    return replace(whole, validation=own, test=own)


def line(far: float, slope: float = 0.5) -> Dataset:
    x = torch.linspace(0, far, 40)[:, None]
    return from_tensors(x, slope * x + 1, task="regress")


def in_order() -> Dataset:
    x, y = groups(k=5)
    order = y.argsort(stable=True)
    return split(x[order], y[order], 420, 120)


def signs(low: float, high: float) -> Dataset:
    x, _ = groups()
    return from_tensors(x, torch.where(x[:, :1] > 0, high, low), task="regress")


def hinge(f: Tensor, y: Tensor) -> Tensor:
    return (1 - y * f).clamp(min=0).mean()


X, Y = groups()
LARGE = 500 * X[:, :1] + 3000 + torch.randn(600, 1, generator=generator(2))
RARE = groups(1000, 2, 1.0, (0.97, 0.03))


FAULTS: dict[str, tuple[str, bool, Callable[[], Recipe]]] = {  # the cause, whether it is proved, the recipe
    "raw units": ("inputs-not-normalized", False, lambda: short('wine(scale="none")')),
    "pixels to 255": (  # by gradient descent that overshoots, in fewer steps than the valley is long
        "inputs-not-normalized",
        True,
        lambda: short(from_tensors(255 * torch.sigmoid(X), Y), optimizer="sgd(lr=0.1)"),
    ),
    "divided twice": ("inputs-over-normalized", False, lambda: short(from_tensors(X / 255, Y))),
    "thousands": ("targets-not-normalized", False, lambda: short(from_tensors(X, LARGE))),
    "thousands, sgd": ("targets-not-normalized", False, lambda: short(from_tensors(X, LARGE), optimizer="sgd(lr=0.01)")),
    "labels / 255": (
        "labels-corrupted-by-preprocessing",
        False,
        lambda: short(from_tensors(X, (Y > 0).float() / 255, task="regress"), "mlp(output_activation=sigmoid)", nn.BCELoss()),
    ),
    "labels / 255, mse": (
        "labels-corrupted-by-preprocessing",
        False,
        lambda: short(from_tensors(X, Y.float() / 255, task="regress"), loss="mse"),
    ),
    "one class left": (
        "labels-corrupted-by-preprocessing",
        True,
        lambda: short(all_of_one()),
    ),
    "shifted by 1": ("labels-misaligned", False, lambda: short(from_tensors(X, Y.roll(1)))),
    "turned round": ("labels-misaligned", False, lambda: short(from_tensors(X, Y.flip(0)))),
    "shifted values": ("labels-misaligned", False, lambda: short(from_tensors(X, (X[:, :1] + X[:, 1:2]).roll(-3, 0)))),
    "-1 and 1 under BCE": (
        "label-encoding-error",
        True,
        lambda: short(signs(-1.0, 1.0), "mlp(output_activation=sigmoid)", nn.BCEWithLogitsLoss(), steps=5),
    ),
    "1 and 2 under BCE": ("label-encoding-error", True, lambda: short(signs(1.0, 2.0), "mlp", nn.BCEWithLogitsLoss(), steps=5)),
    "0 and 1 under hinge": ("label-encoding-error", True, lambda: short(signs(0.0, 1.0), "mlp", hinge, steps=5)),
    "test not scaled": ("train-test-preprocessing-mismatch", False, lambda: short(mixed(lambda x: 40 * x + 100))),
    "test over 255": ("train-test-preprocessing-mismatch", False, lambda: short(mixed(lambda x: x / 255))),
    "sorted, last fifth": ("validation-split-not-shuffled", True, lambda: short(in_order())),
    "a part of training": ("validation-overlaps-train", True, lambda: short(judged_by(0.5))),
    "a valley too long": (
        "inputs-not-normalized",
        False,
        lambda: short(line(100, 0.01), "mlp(widths=[])", optimizer="sgd(lr=1e-4)", batch_size="all", epochs=200),
    ),
    "the same rows": ("validation-overlaps-train", True, lambda: short(overlapping())),
    "thirty to one": ("class-imbalance", False, lambda: short(from_tensors(*RARE), optimizer="sgd(lr=0.01)")),
    "wrong labels": ("label-noise", True, lambda: short(noisy())),
    "pure noise": ("nothing-to-learn", False, lambda: short(from_tensors(X, Y[torch.randperm(600, generator=generator(3))]))),
}

HEALTHY: dict[str, Callable[[], Recipe]] = {
    "clouds": lambda: short(from_tensors(X, Y)),
    "digits": lambda: short("digits"),
    "iris": lambda: short("iris", epochs=30),
    "standardised wine": lambda: short('wine(scale="standard")'),
    "pixels / 255": lambda: (
        short(from_tensors(torch.rand(600, 1, 6, 6, generator=generator()), Y), epochs=1, loss=None)
        if False
        else short("digits", epochs=2)
    ),
    "raw, normed inside": lambda: short(
        'wine(scale="none")', lambda: nn.Sequential(nn.BatchNorm1d(13), nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3))
    ),
    "judged by training itself": lambda: short(judged_by(1.0)),
    "a valley that can be walked": lambda: short(
        line(12, 0.1), "mlp(widths=[])", optimizer="sgd(lr=0.01)", batch_size="all", epochs=400
    ),
    "unit rows": lambda: short(from_tensors(torch.nn.functional.normalize(X[:, :, None].expand(-1, -1, 300).flatten(1)), Y)),
    "house prices in units": lambda: short(from_tensors(X, X[:, :1] + X[:, 1:2] ** 2), loss="mse"),
    "miles per gallon": lambda: short(from_tensors(X, 8 * X[:, :1] + 23), epochs=100, optimizer="adam(lr=0.003)"),
    "marks of a half": lambda: short(from_tensors(X, (X[:, :1] * 2).round().clamp(-3, 3) / 2 + 2), loss="mse"),
    "uneven but learned": lambda: short(from_tensors(*groups(800, 3, 4.0, (0.85, 0.1, 0.05))), epochs=20),
    "sorted but shuffled before the split": lambda: short(from_tensors(X[Y.argsort()], Y.sort().values)),
    "few different rows": lambda: short(from_tensors(torch.eye(4)[torch.arange(400) % 4], torch.arange(400) % 2), epochs=30),
    "xor": lambda: short("xor", epochs=200, optimizer="adam(lr=0.05)"),
    "overlapping clouds": lambda: short(from_tensors(*groups(800, 3, 1.2)), epochs=20),
    "yes or no": lambda: short(signs(0.0, 1.0), "mlp", nn.BCEWithLogitsLoss()),
    "-1 and 1 under hinge": lambda: short(signs(-1.0, 1.0), "mlp", hinge),
    "diabetes": lambda: short('diabetes(targets="standard")', epochs=20),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_and_nothing_else_in_the_data(name: str) -> None:
    cause, proved, make = FAULTS[name]
    found = speaking(make())
    assert set(found) == {cause}
    assert found[cause].proved is proved
    assert found[cause].strength > 0.5


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_data_is_not_accused(name: str) -> None:
    assert speaking(HEALTHY[name]()) == {}


CURABLE = sorted(set(FAULTS) - {"one class left", "the same rows", "a part of training", "pure noise"})


@pytest.mark.parametrize("name", CURABLE)
def test_its_remedy_leaves_none_of_these_causes(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make()
    changed = next(c for c in DATA if c.name == cause)().remedies(examine(one))[0].apply(one)
    assert changed is not None
    assert speaking(changed.change(epochs=20, optimizer="adam(lr=0.01)")) == {}


@pytest.mark.parametrize(
    "name", ["shifted by 1", "turned round", "shifted values", "test not scaled", "test over 255", "sorted, last fifth"]
)
def test_the_remedy_restores_the_metric(name: str) -> None:
    cause, _, make = FAULTS[name]
    one = make().change(epochs=20)
    changed = next(c for c in DATA if c.name == cause)().remedies(examine(one))[0].apply(one)
    assert changed is not None
    assert fit(changed).score("test") > 0.8 > fit(one).score("test") + 0.1


@pytest.mark.parametrize("name", ["one class left", "the same rows", "pure noise"])
def test_what_cannot_be_mended_offers_nothing(name: str) -> None:
    cause, _, make = FAULTS[name]
    assert next(c for c in DATA if c.name == cause)().remedies(examine(make())) == []


def test_evidence_reads_in_both_languages() -> None:
    for _, _, make in FAULTS.values():
        for suspicion in speaking(make()).values():
            for text in [
                suspicion.cause.explanation,
                *(t for e in suspicion.evidence for t in (e.what, e.observed, e.expected)),
            ]:
                assert str(text).strip()
                with use_language("ko"):
                    assert str(text).strip()
                    assert not set("{}") & set(str(text))


def test_classes_drawn_equally_often_are_as_many_as_before_and_none_is_left_out() -> None:
    one = short(from_tensors(*RARE))
    changed = ClassImbalance().remedies(examine(one.change(optimizer="sgd(lr=0.01)")))[0].apply(one)
    assert changed is not None
    before, after = load_data(one), load_data(changed)
    counts = after.train.y.bincount()
    assert len(after.train) == len(before.train)
    assert int(counts.max() - counts.min()) <= 1
    rare = before.train.y == before.train.y.bincount().argmin()
    assert set(before.train.index[rare].tolist()) <= set(after.train.index.tolist())
    assert torch.equal(after.test.x, before.test.x)


def test_standard_targets_leave_r2_as_it_is() -> None:
    one = short(from_tensors(X, LARGE), "linear_regression", epochs=1)
    changed = TargetsNotNormalized().remedies(examine(one))[0].apply(one)
    assert changed is not None
    y, scaled = prepare(one).dataset.train.y.double(), prepare(changed).dataset.train.y.double()
    assert torch.allclose((y - y.mean()) / y.std(correction=0), scaled, atol=1e-4)


def test_a_written_data_set_has_one_option_changed() -> None:
    one = recipe("diabetes(targets=raw)", optimizer="sgd(lr=0.01)", epochs=1)
    found = TargetsNotNormalized().remedies(examine(one))
    changed = found[0].apply(one)
    assert changed is not None
    assert load(changed.data).train.y.std() == pytest.approx(1, abs=0.01)  # type: ignore[arg-type]
