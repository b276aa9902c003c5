"""Pictures of what a run's network sees: which fit which task, and what they are titled with."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import torch

import whynet
from whynet.engine.fit import Fitted, fit
from whynet.errors import OptionError, UnknownNameError
from whynet.recipe import recipe
from whynet.report.sights import SIGHTS, pictures, sections, sights
from whynet.text import use_language

VIT = "vit(patch=4, width=8, depth=1, heads=2)"


@cache
def fitted(data: str, model: str) -> Fitted:
    return fit(recipe(data, model, epochs=1, batch_size=64))


@pytest.mark.parametrize(
    ("data", "model", "expected"),
    [
        ("digits", "lenet5", {"filters", "feature_maps", "saliency", "occlusion", "embedding", "mistakes"}),
        ("digits", "mlp(widths=[8])", {"saliency", "occlusion", "embedding", "mistakes"}),
        ("digits", VIT, {"filters", "feature_maps", "attention", "saliency", "occlusion", "embedding", "mistakes"}),
        ("iris", "mlp(widths=[4])", {"embedding"}),
        ("diabetes", "mlp(widths=[4])", set()),
    ],
)
def test_those_that_fit_the_task_and_the_model(data: str, model: str, expected: set[str]) -> None:
    drawn = sights(fitted(data, model))
    assert set(drawn) == expected
    with use_language("ko"):
        assert all(re.search("[가-힣]", draw().get_suptitle()) for draw in drawn.values())
    assert [len(section.blocks) for section in sections(drawn)] == ([len(expected)] if expected else [])


def test_only_those_asked_for_are_measured_and_the_titles_are_findings() -> None:
    run = fitted("digits", "lenet5")
    both = pictures(run, ["mistakes", "saliency"])
    assert list(both) == ["mistakes", "saliency"]
    test = run.dataset.test
    wrong = int((run.predict(test.x) != test.y).sum())
    assert both["mistakes"].get_suptitle().startswith(f"{wrong} of {len(test)} test examples are answered wrong")


def test_measuring_moves_no_random_stream_and_draws_the_same_again() -> None:
    run = fitted("digits", "lenet5")
    state = torch.random.get_rng_state()
    first, second = (pictures(run, "embedding")["embedding"] for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    points: list[Any] = [figure.axes[0].collections[0].get_offsets() for figure in (first, second)]
    assert (points[0] == points[1]).all()


def test_a_picture_that_is_none_or_does_not_fit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"no picture named 'oclusion'.*occlusion"):
        sights(fitted("iris", "mlp(widths=[4])"), "oclusion")
    with pytest.raises(OptionError, match=r"boxes needs boxes as answers\. Received: mlp"):
        whynet.pictures(fitted("iris", "mlp(widths=[4])"), ["boxes"])
    with use_language("ko"), pytest.raises(OptionError, match="attention 그림에 필요한 것"):
        sights(fitted("digits", "lenet5"), "attention")


def test_every_picture_says_what_it_is_and_what_it_needs() -> None:
    for sight in SIGHTS.values():
        assert sight.idea.en != sight.idea.ko
        assert sight.needs.en != sight.needs.ko
