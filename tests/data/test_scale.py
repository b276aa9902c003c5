"""Scaling, against scikit-learn, fitted on the training examples alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from whynet.data import load
from whynet.data.dataset import Dataset
from whynet.data.scale import scaled
from whynet.errors import OptionError
from whynet.spec import Spec

TABLES = ("iris", "wine", "breast_cancer", "diabetes", "ice_cream")


def raw_of(name: str, seed: int) -> Dataset:
    regress = load(name).task.kind == "regress"
    return load(Spec(name, {"scale": "none", **({"targets": "raw"} if regress else {})}), seed)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(("how", "reference"), [("standard", StandardScaler), ("minmax", MinMaxScaler)])
def test_columns_are_scaled_as_scikit_learn_does_from_the_training_rows(name: str, how: str, reference: type) -> None:
    ours, raw = load(f'{name}(scale="{how}")', 4), raw_of(name, 4)
    fitted = reference().fit(raw.train.x.double().numpy())
    for split in ("train", "validation", "test"):
        expected = fitted.transform(getattr(raw, split).x.double().numpy())
        np.testing.assert_allclose(getattr(ours, split).x.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_targets_are_standardised_from_the_training_rows() -> None:
    ours, raw = load("diabetes", 4), raw_of("diabetes", 4)
    fitted = StandardScaler().fit(raw.train.y.double().numpy())
    np.testing.assert_allclose(ours.test.y.numpy(), fitted.transform(raw.test.y.double().numpy()), rtol=1e-5, atol=1e-5)
    assert any(f"(y - {fitted.mean_[0]:.4g}) / {fitted.scale_[0]:.4g}" in str(note) for note in ours.notes)


def test_fewer_training_rows_mean_other_statistics() -> None:
    few, raw = load("wine(train=20)", 0), load('wine(train=20, scale="none")', 0)
    expected = StandardScaler().fit(raw.train.x.double().numpy()).transform(raw.test.x.double().numpy())
    np.testing.assert_allclose(few.test.x.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_images_are_scaled_by_channel() -> None:
    x = torch.rand(20, 3, 4, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 10, 100]).view(3, 1, 1)
    train = torch.arange(15)
    ours = scaled(x, train, "standard")
    for channel in range(3):
        own = x[train, channel].numpy()
        np.testing.assert_allclose(ours[:, channel], (x[:, channel].numpy() - own.mean()) / own.std(), rtol=1e-4, atol=1e-5)


def test_a_constant_column_becomes_zero() -> None:
    x = torch.tensor([[1e6, 1.0], [1e6, 2.0], [1e6, 3.0]])
    for how in ("standard", "minmax"):
        ours = scaled(x, torch.arange(3), how)  # type: ignore[arg-type]
        assert ours[:, 0].tolist() == [0, 0, 0]
        assert torch.isfinite(ours).all()


def test_small_differences_of_large_numbers_survive() -> None:
    x = 1e6 + torch.arange(100.0).unsqueeze(1)
    ours = scaled(x, torch.arange(100), "standard")
    expected = StandardScaler().fit_transform(x.double().numpy())
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-6, atol=1e-6)


def test_unscaled_inputs_keep_their_units() -> None:
    assert load('wine(scale="none")').train.pool_x.max() == 1680
    assert load("wine").train.pool_x.max() < 10


def test_labels_have_no_units() -> None:
    with pytest.raises(OptionError, match="class labels"):
        load('iris(targets="standard")')


def test_shuffled_labels_keep_each_sets_classes_and_nothing_else() -> None:
    shuffled, plain = load("digits(shuffle_labels=True)", 1), load("digits", 1)
    assert shuffled.train.pool_x is plain.train.pool_x
    for split in ("train", "validation", "test"):
        ours, theirs = getattr(shuffled, split), getattr(plain, split)
        assert ours.index.equal(theirs.index)
        assert ours.y.bincount().equal(theirs.y.bincount())
        agreement = (ours.y == theirs.y).float().mean().item()
        assert agreement < 0.1 + 4 * (0.09 / len(ours)) ** 0.5  # a tenth by chance, four standard errors
    assert plain.train.pool_y.equal(load("digits", 2).train.pool_y)  # the shared pool was not written into
    assert not load("digits(shuffle_labels=True)", 2).train.pool_y.equal(shuffled.train.pool_y)


def test_noisy_labels_are_those_of_other_examples_and_in_the_training_set_alone() -> None:
    noisy, plain = load("digits(train=500, label_noise=0.4)", 1), load("digits(train=500)", 1)
    assert noisy.train.pool_x is plain.train.pool_x
    assert noisy.train.index.equal(plain.train.index)
    assert noisy.test.y.equal(plain.test.y)
    assert noisy.validation.y.equal(plain.validation.y)
    assert noisy.train.y.bincount().equal(plain.train.y.bincount())  # passed round, not drawn
    changed = (noisy.train.y != plain.train.y).float().mean().item()
    assert abs(changed - 0.4 * 0.9) < 5 * (0.4 * 0.09 / 500) ** 0.5  # one in ten is given its own class by luck
    assert plain.train.pool_y.equal(load("digits", 2).train.pool_y)  # the shared pool was not written into
    values = load("diabetes(label_noise=0.5)", 3).train.y, load("diabetes", 3).train.y
    assert values[0].sort(0).values.equal(values[1].sort(0).values)
    assert 0.4 < (values[0] != values[1]).float().mean() < 0.51


def test_shuffled_gates_answer_alike_in_every_set() -> None:
    gate = load("and_gate(shuffle_labels=True)", 3)
    assert sorted(gate.train.y.tolist()) == [0, 0, 0, 1]
    assert gate.train.y.equal(gate.test.y)
