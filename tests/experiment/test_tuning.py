"""Tuning: the same budget for every level, on seeds of its own, and a choice that a plain loop makes as well."""

from __future__ import annotations

import numpy as np
import pytest

from whynet.engine.fit import fit
from whynet.experiment.compare import compare, compare_levels
from whynet.experiment.factor import Level, levels_of
from whynet.experiment.progress import Progress
from whynet.experiment.tuning import TUNING_SEEDS, tune, tuning_seeds
from whynet.recipe import Recipe, recipe

RATES = (0.01, 0.3, 3.0)


def base(**changes: object) -> Recipe:
    return recipe("iris", "mlp(widths=[8])", optimizer="sgd(lr=0.1)", **{"steps": 15, "batch_size": 32, **changes})


def test_the_choice_is_that_of_a_plain_loop() -> None:
    _, levels = levels_of(base(), {"optimizer": ["sgd(lr=0.1)", "adam(lr=0.1)"]})
    better, tuned = tune(levels, RATES)
    for level, made, chosen in zip(levels, better, tuned, strict=True):
        losses = {}
        for rate in RATES:  # one network after another
            values = []
            for seed in TUNING_SEEDS:
                one = fit(level.recipe.change(seed=seed, **{"optimizer.lr": rate}))
                values.append(one.history.final("validation", "loss") if one.outcome.status == "finished" else np.inf)
            losses[rate] = float(np.mean(values))
        assert chosen.rate == min(losses, key=lambda rate: losses[rate])
        assert chosen.losses == pytest.approx(losses, rel=1e-4)
        assert str(made.recipe.optimizer) == str(level.recipe.change(**{"optimizer.lr": chosen.rate}).optimizer)
        assert not chosen.at_edge or chosen.rate in (0.01, 3.0)


def test_the_optimizer_as_a_factor_is_tuned_without_asking() -> None:
    told: list[Progress] = []
    made = compare(base(), {"optimizer": ["sgd(lr=1e-6)", "adam(lr=1e-6)"]}, 2, listen=told.append)
    assert [one.level for one in made.tuned] == ["sgd(lr=1e-6)", "adam(lr=1e-6)"]
    assert len({len(one.losses) for one in made.tuned}) == 1  # the same budget
    assert all(one.rate > 1e-6 for one in made.tuned)  # the rates given would not have learned
    assert "tuned with the same budget" in str(made.notes[0])
    phases = list(dict.fromkeys(str(one.phase) for one in told))
    assert len(phases) == 2
    assert "tuning" in phases[0]
    for phase in phases:
        steps = [one for one in told if str(one.phase) == phase]
        assert [one.done for one in steps] == sorted(one.done for one in steps)
        assert steps[-1].done == steps[-1].total


def test_without_tuning_the_rates_stay() -> None:
    made = compare(base(), {"optimizer": ["sgd(lr=0.1)", "adam(lr=0.1)"]}, 2, tune_rates=False)
    assert not made.tuned
    assert {str(arms[0].recipe.optimizer) for arms in made.arms.values()} == {"sgd(lr=0.1)", "adam(lr=0.1)"}


def test_the_seeds_of_the_comparison_are_left_out() -> None:
    assert tuning_seeds(range(50)) == list(TUNING_SEEDS)
    clashing = tuning_seeds(TUNING_SEEDS)
    assert len(set(clashing)) == 2
    assert not set(clashing) & set(TUNING_SEEDS)
    many = list(range(TUNING_SEEDS[0], TUNING_SEEDS[1] + 5))
    assert len(tuning_seeds(many)) == 2
    assert not set(tuning_seeds(many)) & set(many)


def test_a_best_rate_at_the_edge_is_pointed_out() -> None:
    _, levels = levels_of(base(), {"optimizer": ["sgd(lr=0.1)", "sgd(lr=0.1, momentum=0.5)"]})
    made = compare_levels(levels, ["optimizer"], 2, tune_rates=True, rates=(1e-6, 1e-5))
    assert all(one.at_edge for one in made.tuned)
    assert sum("edge of those tried" in str(note) for note in made.notes) == 2


def test_a_level_that_diverges_everywhere_is_pointed_out() -> None:
    data = recipe("sine", "mlp(widths=[8])", optimizer="sgd(lr=0.1)", steps=20, batch_size=16)
    levels = [Level("sgd", data), Level("momentum", data.change(optimizer="sgd(lr=0.1, momentum=0.9)"))]
    made = compare_levels(levels, ["optimizer"], 2, tune_rates=True, rates=(1e7, 1e8))
    assert not any(one.found for one in made.tuned)
    assert sum("diverged at every learning rate" in str(note) for note in made.notes) == 2
