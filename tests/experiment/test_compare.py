"""The comparison itself: what it refuses, what it pairs, and what it finds where there is something and where there is nothing."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from whynet.engine.arm import prepare
from whynet.engine.fit import fit_all
from whynet.engine.train import Watching
from whynet.errors import ComparisonError, OptionError
from whynet.experiment.compare import Comparison, compare, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.progress import Progress
from whynet.recipe import Recipe, recipe
from whynet.text import use_language

SHORT = Watching(evaluations=1)


def tiny(**changes: object) -> Recipe:
    """A network small enough that a hundred of them train in a second or two."""
    settings: dict[str, object] = {"optimizer": "sgd(lr=0.5)", "steps": 20, "batch_size": 32, **changes}
    return recipe("xor(n=100)", "mlp(widths=[4])", **settings)


def verdicts(trained: Comparison, baseline: str, values: dict[str, list[float]]) -> Comparison:
    """A comparison in which these values had come out."""
    arms = next(iter(trained.arms.values()))
    made = Comparison(("x",), [], tuple(range(5)), baseline, dict.fromkeys(values, arms), [], [], 0.0)
    made.__dict__["values"] = values
    return made


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_stray_differences_are_named() -> None:
    base = tiny()
    levels = [Level("a", base), Level("b", base.change(**{"optimizer.lr": 0.1, "batch_size": 16}))]
    with pytest.raises(ComparisonError) as refused:
        compare_levels(levels, ["optimizer.lr"], 2)
    assert "batch_size: 32 → 16" in str(refused.value)
    assert "optimizer.lr: " not in str(refused.value)  # the declared difference is no stray one


def test_an_option_of_the_factor_may_differ_where_the_whole_part_is_declared() -> None:
    base = tiny()
    levels = [Level("a", base), Level("b", base.change(**{"optimizer.lr": 0.1}))]
    assert compare_levels(levels, ["optimizer"], 2, watching=SHORT).paths == ("optimizer",)


@pytest.mark.parametrize("seeds", [0, [], [1, 1], [-1, 0], [0.5, 1]])
def test_seeds_must_be_different_whole_numbers(seeds: object) -> None:
    with pytest.raises(ComparisonError, match="seeds"):
        compare(tiny(), {"optimizer.lr": [0.1, 0.5]}, seeds)  # type: ignore[arg-type]


def test_an_unknown_baseline_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ComparisonError, match=r"lr=0\.1"):
        compare(tiny(), {"optimizer.lr": [0.1, 0.5]}, 2, baseline="lr=0.2")


def test_levels_of_one_name_are_refused() -> None:
    base = tiny()
    with pytest.raises(ComparisonError, match="a"):
        compare_levels([Level("a", base), Level("a", base.change(**{"optimizer.lr": 0.1}))], ["optimizer"], 2)


def test_data_judged_by_another_metric_is_refused() -> None:
    with pytest.raises(ComparisonError, match=r"accuracy.*r2|r2.*accuracy"):
        compare(tiny(), {"data": ["xor(n=100)", "sine"]}, 2)


def test_a_rate_that_is_the_factor_is_not_tuned() -> None:
    with pytest.raises(ComparisonError, match="tune_rates"):
        compare(tiny(), {"optimizer.lr": [0.1, 0.5]}, 2, tune_rates=True)


# --- pairing ----------------------------------------------------------------------------------------------------------


def test_arms_of_one_seed_share_data_weights_and_order() -> None:
    made = compare(tiny(), {"optimizer.lr": [0.1, 0.5]}, 3, watching=SHORT)
    first, second = made.arms.values()
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a.arm.network.initial, b.arm.network.initial)
        assert torch.equal(a.dataset.train.x, b.dataset.train.x)
        assert torch.equal(a.dataset.test.y, b.dataset.test.y)
        assert all(torch.equal(p, q) for p, q in zip(a.arm.order(0), b.arm.order(0), strict=True))
        assert a.history.loss[0] == b.history.loss[0]  # so the first loss is the same, and
        assert a.history.loss[-1] != b.history.loss[-1]  # only the factor makes the rest another
    assert not torch.equal(first[0].arm.network.initial, first[1].arm.network.initial)
    assert not torch.equal(first[0].arm.order(0)[0], first[1].arm.order(0)[0])


def test_another_model_leaves_the_order_of_the_data_alone() -> None:
    made = compare(tiny(), {"model": ["mlp(widths=[4])", "mlp(widths=[8, 8])"]}, 2, watching=SHORT)
    for a, b in zip(*made.arms.values(), strict=True):
        assert torch.equal(a.dataset.train.index, b.dataset.train.index)
        assert all(torch.equal(p, q) for p, q in zip(a.arm.order(1), b.arm.order(1), strict=True))


def test_data_that_is_not_the_same_twice_is_noticed() -> None:
    def shifting(seed: int) -> object:
        from whynet.data import from_tensors

        return from_tensors(torch.rand(60, 2), torch.arange(60) % 2, seed=seed)  # another draw every time

    base = recipe(shifting, "mlp(widths=[4])", optimizer="sgd(lr=0.1)", steps=2, batch_size=8)
    with pytest.raises(ComparisonError, match="different training data under seed 0"):
        compare(base, {"optimizer.lr": [0.1, 0.5]}, 2)


def test_stacked_and_one_by_one_agree() -> None:
    """The sums of a stacked product run in another order: 20 steps of float32 keep the losses within 1e-5 of each other."""
    factor = {"optimizer.lr": [0.1, 0.5]}
    stacked, alone = compare(tiny(), factor, 3, watching=SHORT), compare(tiny(), factor, 3, watching=SHORT, stack=False)
    for name, arms in stacked.arms.items():
        for a, b in zip(arms, alone.arms[name], strict=True):
            assert a.history.loss == pytest.approx(b.history.loss, rel=1e-5, abs=1e-6)
            assert torch.allclose(a.outcome.weights, b.outcome.weights, rtol=1e-4, atol=1e-5)


# --- what it finds ----------------------------------------------------------------------------------------------------


def test_a_hidden_layer_is_found_to_matter_for_xor() -> None:
    base = recipe("xor", "mlp", optimizer="adam(lr=0.03)", epochs=20)
    made = compare(base, {"model": ["mlp(widths=[])", "mlp(widths=[16])"]}, 5, watching=SHORT)
    row = made.summary("mlp(widths=[16])")
    assert row.outcome == "better"
    assert row.difference is not None
    assert row.difference.low > 0.2  # a line gets at most three of four corners right
    assert made.summary("mlp(widths=[])").mean.mean < 0.8 < row.mean.mean
    assert ": better" in str(made.verdict)


def test_a_factor_that_does_nothing_makes_no_difference() -> None:
    base = tiny()
    levels = [Level("plain", base), Level("clipped", base.change(clip="norm(1e9)"))]
    made = compare_levels(levels, ["clip"], 4, watching=SHORT)
    assert made.values["plain"] == made.values["clipped"]
    assert "no difference detected: equal on all 4 seeds" in str(made.verdict)


def test_equal_arms_are_seldom_called_different(exploded: Comparison) -> None:
    """40 comparisons of five networks with five others, all of one recipe. At 5 % two are expected; more than 6 has a chance of 0.3 %."""
    arms = [prepare(tiny(steps=6, seed=seed)) for seed in range(400)]
    scores = [one.score("test") for one in fit_all(arms, SHORT)]
    assert len(set(scores)) > 10  # they do vary
    wrong = 0
    for start in range(0, 400, 10):
        values = {"one": scores[start : start + 5], "another": scores[start + 5 : start + 10]}
        wrong += verdicts(exploded, "one", values).summary("another").outcome in ("better", "worse")
    assert wrong <= 6


def test_the_same_seeds_give_the_same_comparison() -> None:
    factor = {"optimizer.lr": [0.1, 0.5]}
    assert compare(tiny(), factor, 2, watching=SHORT).values == compare(tiny(), factor, 2, watching=SHORT).values


# --- what it makes of trouble -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exploded() -> Comparison:
    """One level that learns and one that blows up."""
    base = recipe("sine", "mlp(widths=[8])", optimizer="sgd(lr=0.1)", steps=20, batch_size=16)
    return compare(base, {"optimizer.lr": [0.1, 1e6]}, 4, watching=SHORT)


def test_diverged_arms_count_as_failures(exploded: Comparison) -> None:
    name = "lr=1000000.0"
    row = exploded.summary(name)
    assert row.diverged == 4
    assert all(math.isnan(v) for v in exploded.values[name])
    assert row.outcome in ("worse", "same")
    assert row.mean.mean <= min(exploded.values["lr=0.1"])
    assert any("diverged on 4 of 4 seeds" in str(note) for note in exploded.notes)
    assert len(exploded.notes) == 1  # a sentence for the level, not one for each seed


def test_the_comparison_is_plain_data(exploded: Comparison) -> None:
    data = json.loads(json.dumps(exploded.to_dict(), allow_nan=False))
    assert data["levels"][1]["values"] == [None] * 4
    assert data["levels"][0]["recipe"]["optimizer"] == "sgd(lr=0.1)"
    assert data["notes"][0]["ko"]


def test_one_seed_about_to_explode_does_not_drown_the_others() -> None:
    base = recipe("sine", "mlp(widths=[8])", optimizer="sgd(lr=0.1)", steps=6, batch_size=16)
    made = compare(base, {"optimizer.lr": [0.1, 30.0]}, 5, watching=SHORT)
    raw = [one.score("test") for one in made.arms["lr=30.0"]]
    assert min(raw) < -1000  # R² has no floor
    assert made.values["lr=30.0"] == [float("nan") if math.isnan(v) else max(v, -1.0) for v in raw]
    assert made.summary("lr=30.0").outcome == "worse"


def test_where_everything_diverged_nothing_can_be_told() -> None:
    base = recipe("sine", "mlp(widths=[8])", optimizer="sgd(lr=1e6)", steps=20, batch_size=16)
    made = compare(base, {"optimizer.lr": [1e6, 1e7]}, 4, watching=SHORT)
    assert "better" not in str(made.verdict)
    assert "worse" not in str(made.verdict)
    json.dumps(made.to_dict(), allow_nan=False)


def test_too_few_seeds_are_said_to_be_too_few() -> None:
    made = compare(
        recipe("xor", "mlp(widths=[8])", epochs=10, optimizer="adam(lr=0.05)"), {"model": ["mlp(widths=[])", "mlp"]}, 2
    )
    assert made.summary("mlp").outcome == "unknown"
    assert "at least 3 seeds are needed" in str(made.verdict)


def test_levels_may_have_test_sets_of_different_sizes() -> None:
    made = compare(tiny(), {"data": ["xor(n=100)", "xor(n=200)"]}, 3, watching=SHORT)
    sizes = [len(arms[0].dataset.test) for arms in made.arms.values()]
    assert sizes == [20, 40]
    assert len(made.summaries) == 2


def test_every_verdict_reads_in_both_languages(exploded: Comparison) -> None:
    made = compare(tiny(), {"optimizer.lr": [0.1, 0.5, 1.0]}, 3, watching=SHORT)
    for one in (exploded, made):
        for sentence in [one.verdict, *one.notes, *(row.verdict for row in one.summaries)]:
            with use_language("ko"):
                korean = str(sentence)
            assert "{" not in korean
            assert "{" not in str(sentence)
            assert korean != str(sentence)


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ({"b": [0.9] * 5, "c": [0.1] * 5}, "b against a: better"),
        ({"b": [0.1] * 5, "c": [0.2] * 5}, "a is better than all 2 others"),
        ({"b": [0.1] * 5, "c": [0.5] * 5}, "No level beats a; worse: b"),
        ({"b": [0.5] * 5, "c": [0.5] * 5}, "No difference from a was detected"),
        ({"b": [0.1] * 5}, "Against a: worse"),
    ],
)
def test_the_verdict_follows_from_the_rows(exploded: Comparison, gaps: dict[str, list[float]], words: str) -> None:
    assert words in str(verdicts(exploded, "a", {"a": [0.5] * 5, **gaps}).verdict)


# --- listening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.5, 1e8])
@pytest.mark.parametrize("stack", [True, False])
def test_progress_never_falls_and_ends_at_the_total(lr: float, stack: bool) -> None:
    told: list[Progress] = []
    base = recipe("sine", "mlp(widths=[4])", optimizer="sgd(lr=0.1)", steps=30, batch_size=16)
    compare(base, {"optimizer.lr": [0.1, lr]}, 2, listen=told.append, watching=SHORT, stack=stack)
    done = [one.done for one in told]
    assert done == sorted(done)
    assert told[-1].done == told[-1].total == 2 * 2 * 30
    assert all(one.done <= one.total for one in told)


def test_early_stopping_ends_the_progress_as_well() -> None:
    told: list[Progress] = []
    base = tiny(steps=None, epochs=40, early_stopping=1, optimizer="sgd(lr=3.0)")
    compare(base, {"optimizer.lr": [3.0, 5.0]}, 2, listen=told.append)
    assert told[-1].done == told[-1].total


# --- one's own objects ------------------------------------------------------------------------------------------------


def test_levels_of_ones_own_objects_have_names_to_read() -> None:
    def wide() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))

    factories = [wide, lambda: nn.Linear(2, 2), lambda: nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 2)]
    made = compare(tiny(), {"model": factories}, 2, watching=SHORT)
    assert list(made.arms) == ["wide", "model 1", "model 2", "Linear"]
    json.dumps(made.to_dict(), allow_nan=False)


def test_a_device_that_is_not_there_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(OptionError, match="tpu"):
        compare(recipe("iris", "mlp(widths=[4])"), {"batch_size": [8, 16]}, seeds=1, device="tpu")
