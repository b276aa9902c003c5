"""Splits: disjoint, in proportion, nested; folds as scikit-learn cuts them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from whynet.data import kfold, load
from whynet.data.options import Options
from whynet.data.source import Source
from whynet.data.split import folds_of, shared_out, split
from whynet.errors import DataError, OptionError
from whynet.rng import numpy_generator


def labelled(labels: list[int], **more: object) -> Source:
    y = torch.tensor(labels)
    classes = tuple(str(label) for label in range(int(y.max()) + 1))
    return Source(torch.zeros(len(y), 1), y, classes, **more)  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 99))
def test_every_stretch_of_a_shared_out_order_holds_each_class_in_its_share(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    order = shared_out(labels, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(labels)))
    for stop in range(len(labels) + 1):
        counts = np.bincount(labels[order[:stop]], minlength=len(sizes))
        # j examples of a class of n are out when its place (j - 1/2) / n is passed, so each class is at most half an example
        # from t n for one and the same t, and t is at most half an example a class from stop / N
        lowest, highest = (counts - 0.5) / sizes, (counts + 0.5) / sizes
        assert lowest.max() <= highest.min() + 1e-9


@given(
    st.integers(10, 200),
    st.floats(0.05, 0.4),
    st.floats(0.05, 0.4),
    st.integers(0, 1000),
)
def test_sizes_are_the_shares_asked_for(n: int, validation: float, test: float, seed: int) -> None:
    cut = split(labelled([i % 2 for i in range(n)]), seed, Options(validation=validation, test=test))
    held = max(1, round(n * test))
    assert len(cut.test) == held
    assert len(cut.validation) == max(1, round((n - held) * validation))
    together = torch.cat([cut.train, cut.validation, cut.test])
    assert sorted(together.tolist()) == list(range(n))


def test_fewer_training_examples_are_a_subset_of_more() -> None:
    sizes = (10, 20, 50, 200, 1000)
    chosen = [set(load(f"digits(train={size})", 3).train.index.tolist()) for size in sizes]
    assert [len(index) for index in chosen] == list(sizes)
    for smaller, larger in pairwise(chosen):
        assert smaller < larger
    assert set(load("digits(train=10)", 3).train.y.tolist()) == set(range(10))
    whole = load("digits", 3)
    assert chosen[-1] < set(whole.train.index.tolist())
    assert load("digits(train=10)", 3).test.index.equal(whole.test.index)


def test_kfold_validates_on_everything_but_the_test_set_once() -> None:
    folds = kfold("digits", k=4, seed=2)
    assert len(folds) == 4
    held = [set(fold.validation.index.tolist()) for fold in folds]
    test = set(folds[0].test.index.tolist())
    for fold, validation in zip(folds, held, strict=True):
        assert set(fold.test.index.tolist()) == test
        assert set(fold.train.index.tolist()) == set(range(1797)) - test - validation
    assert sum(map(len, held)) == len(set.union(*held)) == 1797 - len(test)


@given(st.lists(st.integers(0, 3), min_size=8, max_size=80), st.integers(2, 5), st.integers(0, 99))
def test_folds_have_the_class_counts_of_scikit_learns(raw: list[int], k: int, seed: int) -> None:
    labels = np.unique(np.array(raw), return_inverse=True)[1]
    if np.bincount(labels).min() < k:
        return  # scikit-learn warns or refuses
    labels = np.sort(labels)  # it numbers classes as they appear
    fold = folds_of(labels, np.random.default_rng(seed).permutation(len(labels)), k)
    order = np.random.default_rng(seed).permutation(len(labels))
    ours = [np.bincount(labels[order[fold == i]]).tolist() for i in range(k)]
    theirs = [np.bincount(labels[test]).tolist() for _, test in StratifiedKFold(k).split(labels, labels)]
    assert ours == theirs


def test_values_are_split_like_cards() -> None:
    folds = kfold("diabetes", k=5)
    sizes = [len(fold.validation) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) + len(folds[0].test) == 442


def test_prescribed_sets_stay_as_they_are() -> None:
    official = {"test": torch.arange(80, 100), "validation": torch.arange(60, 80)}
    source = labelled([i % 2 for i in range(100)], official=official)
    for seed in (0, 1):
        cut = split(source, seed, Options(test=0.5, validation=0.5))
        assert cut.test.tolist() == list(range(80, 100))
        assert cut.validation.tolist() == list(range(60, 80))
        assert cut.train.tolist() == list(range(60))
    folded = split(source, 0, Options(fold=0, folds=4))
    assert len(folded.validation) == 20
    assert sorted(folded.train.tolist() + folded.validation.tolist()) == list(range(80))


def test_a_few_examples_are_not_split() -> None:
    cut = split(labelled([0, 1] * 4), 0, Options())
    assert cut.whole
    assert cut.train.equal(cut.test)
    with pytest.raises(OptionError, match="nothing to pick a part or a fold from"):
        split(labelled([0, 1] * 4), 0, Options(fold=1))


def test_too_few_or_too_many_training_examples_are_refused() -> None:
    with pytest.raises(OptionError, match=r"at most 1294.*Received: 2000"):
        load("digits(train=2000)")
    with pytest.raises(OptionError, match=r"at least 10.*Received: 9"):
        load("digits(train=9)")


def test_a_class_that_only_the_test_set_has_is_refused() -> None:
    source = labelled([0, 1] * 10 + [2], official={"test": torch.tensor([0, 1, 20])})
    with pytest.raises(DataError, match=r"1 class\(es\) without a training example: 2"):
        split(source, 0, Options())


def test_more_folds_than_examples_are_refused() -> None:
    with pytest.raises(DataError, match="9 examples cannot be cut into 12 folds"):
        split(labelled([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]), 0, Options(fold=0, folds=12))


def test_an_unknown_fold_is_refused() -> None:
    with pytest.raises(OptionError, match="counted from 0 to 4"):
        load("iris(fold=5)")


def test_the_split_moves_no_other_stream_and_depends_on_nothing_else() -> None:
    """The test set of a seed is the same whatever is asked of the rest."""
    plain = load("iris", 5).test.index
    for spec in ('iris(scale="none")', "iris(validation=0.3)", "iris(fold=2)", "iris(train=20)", "iris(shuffle_labels=True)"):
        assert load(spec, 5).test.index.equal(plain)
    order = shared_out(np.repeat([0, 1, 2], 50), numpy_generator(5, "split"))
    assert sorted(order[:30].tolist()) == plain.tolist()
