"""The ROC curve against scikit-learn's and against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from whynet.engine.roc import roc
from whynet.errors import DataError

scored = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@given(scored)
def test_the_curve_and_its_area_are_those_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores, labels = [score for score, _ in rows], [int(label) for _, label in rows]
    found = roc(scores, labels)
    false_alarms, hits, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.false_alarms, false_alarms)
    np.testing.assert_allclose(found.hits, hits)
    np.testing.assert_allclose(found.thresholds, thresholds)
    assert found.area == pytest.approx(metrics.roc_auc_score(labels, scores))


@given(scored)
def test_at_the_equal_error_rate_the_curve_meets_the_diagonal_of_equal_mistakes(rows: list[tuple[int, bool]]) -> None:
    found = roc([score for score, _ in rows], [int(label) for _, label in rows])
    rate = found.equal_error_rate
    at = np.linspace(0, 1, 20_001)  # the curve as a path of fine steps
    length = np.append(0, np.cumsum(np.hypot(np.diff(found.false_alarms), np.diff(found.hits))))
    x, y = (np.interp(at * length[-1], length, values) for values in (found.false_alarms, found.hits))
    nearest = np.abs(x - (1 - y)).argmin()
    assert rate == pytest.approx(x[nearest], abs=2e-4)


def test_a_worked_example() -> None:
    found = roc([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [1, 1, 0, 1, 0, 0])
    assert found.area == pytest.approx(8 / 9)
    assert found.equal_error_rate == pytest.approx(1 / 3)
    assert roc([2, 1], [1, 0]).equal_error_rate == 0
    assert roc([1, 2], [1, 0]).equal_error_rate == 1
    assert roc([1, 1, 1], [1, 0, 0]).equal_error_rate == 0.5


@pytest.mark.parametrize(("scores", "labels"), [([1, 2], [1, 1]), ([1, 2, 3], [0, 1]), ([np.nan, 1], [0, 1]), ([1, 2], [0, 2])])
def test_what_has_no_curve_is_refused(scores: list[float], labels: list[int]) -> None:
    with pytest.raises(DataError, match="Received"):
        roc(scores, labels)
