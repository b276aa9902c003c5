"""The numbers that figures draw, against slow twins."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from scipy import stats
from sklearn.feature_selection import f_classif

from whynet import figures
from whynet.engine.history import Evaluation, History
from whynet.errors import DataError, ShapeError
from whynet.figures.canvas import number, spread, width_of, wrapped
from whynet.figures.charts import bars, colours, lines
from whynet.figures.interval import band
from whynet.figures.style import SMALL, shown, theme, use_theme
from whynet.text import Text, use_language

finite = st.floats(-1e3, 1e3)


@given(st.lists(finite, min_size=2, max_size=9))
def test_the_band_is_the_t_interval_of_scipy(values: list[float]) -> None:
    got = band(np.array(values)[:, None])
    assert got.mean[0] == pytest.approx(np.mean(values), abs=1e-9)
    error = stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error) if error > 0 else (np.mean(values),) * 2
    assert got.low[0] == pytest.approx(low, rel=1e-9, abs=1e-7)
    assert got.high[0] == pytest.approx(high, rel=1e-9, abs=1e-7)


def test_the_band_on_a_log_scale_is_geometric() -> None:
    got = band(np.array([[1.0], [100.0]]), log=True)
    assert got.mean[0] == pytest.approx(10.0)
    assert got.low[0] * got.high[0] == pytest.approx(100.0)  # as far below as above, in factors


def test_no_mean_of_survivors_and_no_interval_of_one_seed() -> None:
    got = band(np.array([[1.0, np.nan, 3.0], [1.0, 2.0, np.inf]]))
    assert np.isfinite(got.mean).tolist() == [True, False, False]
    alone = band(np.array([[1.0, 2.0]]))
    assert alone.mean.tolist() == [1.0, 2.0]
    assert np.isnan(alone.low).all()
    assert np.isnan(band(np.array([[0.0], [1.0]]), log=True).mean).all()


@given(st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=8), st.floats(0, 0.3))
def test_labels_are_spread_in_order_and_never_overlap(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap)
    room = min(gap, 1 / max(len(wanted) - 1, 1))
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(np.array(placed)[order]) >= room - 1e-9).all()
    assert min(placed) >= -1e-9
    assert max(placed) <= 1 + 1e-9


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([0.9, 0.1, 0.5], 0.2) == pytest.approx([0.9, 0.1, 0.5])


@given(st.text(st.sampled_from("ab 가나(=_,"), max_size=40), st.floats(0.3, 3))
def test_wrapping_keeps_every_letter_and_the_width(text: str, inches: float) -> None:
    lines_ = wrapped(text, inches).split("\n")
    assert "".join(lines_).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line, 10) <= inches + 1e-9 or len(line) == 1 for line in lines_)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.974, "0.974"), (12345.6, "12,346"), (-0.05, "−0.05"), (2.1e-7, "2.1×10⁻⁷"), (1e-12, "10⁻¹²"), (-1e-12, "−10⁻¹²"),
        (0.0, "0"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞"), (3.0e9, "3×10⁹"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_a_reader_writes_them(value: float, written: str) -> None:
    assert number(value) == written


def test_a_character_that_no_font_has_becomes_a_box() -> None:
    assert shown("cat 🐈 고양이") == "cat □ 고양이"
    figures.class_counts({"🐈\x00": 1, "$x^{": 2}, title="🐈").draw_without_rendering()  # no warning, no formula


def test_a_history_is_drawn_as_its_curve() -> None:
    history = History(evaluations=[Evaluation(0, 0, "test", 2.0, 0.1), Evaluation(10, 1, "test", 1.0, 0.7)])
    figure = figures.curves({"one": [history]}, title="t", y="accuracy", split="test")
    assert figure.axes[0].lines[0].get_xydata() == pytest.approx(np.array([[0, 0.1], [10, 0.7]]))


def test_seeds_measured_at_other_steps_are_averaged_only_where_all_were_measured() -> None:
    runs = [([0, 10, 20], [0.0, 1.0, 2.0]), ([0, 20, 40], [0.0, 4.0, 8.0])]
    figure = figures.curves({"one": runs}, title="t", y="y")
    mean = next(line for line in figure.axes[0].lines if line.get_label() == "one")
    drawn = {x: y for x, y in np.asarray(mean.get_xydata()) if np.isfinite(y)}
    assert drawn == {0: 0.0, 10: 1.5, 20: 3.0}


def test_a_seed_that_ends_early_takes_the_mean_with_it_and_is_said() -> None:
    runs = [([0, 1, 2], [1.0, 1.0, np.nan]), ([0, 1, 2], [3.0, 3.0, 3.0])]
    figure = figures.curves({"one": runs}, title="t", y="y")
    mean = next(line for line in figure.axes[0].lines if line.get_label() == "one")
    assert np.asarray(mean.get_ydata())[:2].tolist() == [2.0, 2.0]
    assert np.isnan(np.asarray(mean.get_ydata())[2])
    assert "×" in figure.get_supxlabel()


def test_a_layer_with_an_exact_zero_has_no_mean_and_a_triangle() -> None:
    table = pd.DataFrame([[1e-3, 0.0, 1.0], [1e-3, 1e-2, 1.0]])
    figure = figures.by_depth({"relu": table}, title="t", quantity="norm")
    mean = next(line for line in figure.axes[0].lines if line.get_label() == "relu")
    assert np.isnan(np.asarray(mean.get_ydata(), float)).tolist() == [False, True, False]
    triangles = [line for line in figure.axes[0].lines if line.get_marker() == "v"]
    assert [np.asarray(line.get_xdata()).tolist() for line in triangles] == [[2]]
    assert "▽" in figure.get_supxlabel()


def test_heat_cells_end_half_way_between_the_measured_steps() -> None:
    probe = pd.DataFrame([[1.0, 10.0], [1.0, 0.0], [1.0, 1.0]], index=[1, 3, 9], columns=["a", "b"])
    figure = figures.heat(probe, title="t", quantity="norm")
    mesh = figure.axes[0].collections[0]
    assert mesh.get_coordinates()[0, :, 0].tolist() == [0, 2, 6, 12]  # type: ignore[attr-defined]
    assert np.ma.getmaskarray(mesh.get_array()).sum() == 1
    assert "Blank" in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("interval", "higher", "sign"),
    [
        ((0.1, 0.3), True, "▲"),
        ((0.1, 0.3), False, "▼"),
        ((-0.3, -0.1), True, "▼"),
        ((-0.3, -0.1), False, "▲"),
        ((-0.1, 0.3), True, "○"),
    ],
)
def test_a_trial_says_better_or_worse_only_where_the_interval_excludes_zero(
    interval: tuple[float, float], higher: bool, sign: str
) -> None:
    levels = [
        figures.Level("base", [1.0, 1.1], 1.05, (1.0, 1.1), baseline=True),
        figures.Level("other", [1.2, 1.3], 1.25, (1.2, 1.3), sum(interval) / 2, interval, "verdict"),
    ]
    figure = figures.trial(levels, title="t", metric="m", higher_is_better=higher)
    assert f"{sign} verdict" in [text.get_text() for text in figure.axes[1].texts]
    low, high = figure.axes[1].get_xlim()
    assert low < 0 < high


def test_a_corrected_decision_overrules_the_interval() -> None:
    level = figures.Level("x", [1.0, 1.1], 1.05, None, 0.2, (0.1, 0.3), "verdict", decided=False)
    figure = figures.trial([level], title="t", metric="m")
    assert "○ verdict" in [text.get_text() for text in figure.axes[1].texts]
    assert "corrected" in figure.get_supxlabel().replace("\n", " ")


def test_a_trial_counts_the_seeds_that_were_lost() -> None:
    figure = figures.trial([figures.Level("x", [1.0, np.nan], np.nan, None)], title="t", metric="m")
    assert "1 of 2 not finite" in [text.get_text() for text in figure.axes[0].texts]


def test_confusion_colours_by_the_share_of_the_true_class() -> None:
    figure = figures.confusion([[90, 10], [1, 1]], ["a", "b"], title="t")
    shares = np.asarray(figure.axes[0].images[0].get_array())
    assert shares == pytest.approx(np.array([[0.9, 0.1], [0.5, 0.5]]))


def test_worst_shows_what_is_not_finite_first_then_the_largest_loss() -> None:
    figure = figures.worst(np.zeros((3, 4, 4)), ["a", "b", "c"], ["x", "y", "z"], [1.0, np.nan, 3.0], title="t")
    captions = [ax.texts[0].get_text().split(" ")[0] for ax in figure.axes if ax.texts]
    assert captions == ["b", "c", "a"]


def test_images_of_another_shape_are_refused_in_words() -> None:
    with pytest.raises(ShapeError, match=r"Received: \(3, 5\)"):
        figures.images(np.zeros((3, 5)), title="t")
    for shape in [(2, 4, 5), (2, 1, 4, 5), (2, 3, 4, 5), (2, 4, 5, 3)]:
        figure = figures.images(np.ones(shape), title="t")
        assert figure.axes[0].images[0].get_array().shape[:2] == (4, 5)  # type: ignore[union-attr]


def test_the_trend_is_the_one_of_least_squares() -> None:
    x = np.arange(10.0)
    frame = pd.DataFrame({"x": x, "y": 2 * x + 1 + np.sin(x)})
    figure = figures.relation(frame, "x", "y", title="t", trend=True)
    line = np.asarray(figure.axes[0].lines[0].get_xydata())
    slope, start = np.polyfit(x, frame["y"], 1)
    assert line[:, 1] == pytest.approx(slope * line[:, 0] + start)


def test_a_relation_by_class_has_every_point_once() -> None:
    frame = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0), "kind": list("aabbbcccc")})
    figure = figures.relation(frame, "x", "y", by="kind", title="t")
    clouds = [cloud for cloud in figure.axes[0].collections if isinstance(cloud, PathCollection)]
    assert [len(cloud.get_offsets()) for cloud in clouds] == [2, 3, 4]  # type: ignore[arg-type]


def test_percentage_bars_end_at_one_and_stacked_bars_at_the_sum() -> None:
    frame = pd.DataFrame({"x": ["a", "b"], "p": [1.0, 30.0], "q": [3.0, 10.0]})
    tops = lambda figure: sorted(round(p.get_y() + p.get_height(), 9) for p in figure.axes[0].patches)[-2:]  # noqa: E731
    assert tops(bars.percentage(frame, "x", ["p", "q"], title="t")) == [1.0, 1.0]
    assert tops(bars.stacked(frame, "x", ["p", "q"], title="t", y_name="n")) == [30.0, 40.0]
    with pytest.raises(DataError, match="none below zero"):
        bars.stacked(frame.assign(p=-1.0), "x", ["p", "q"], title="t", y_name="n")


def test_grouped_bars_are_the_means_of_their_groups() -> None:
    frame = pd.DataFrame({"x": list("aabb"), "by": list("uvuv"), "y": [1.0, 2.0, 3.0, 4.0]})
    frame = pd.concat([frame, frame.assign(y=frame["y"] + 2)])
    figure = bars.grouped(frame, "x", "y", "by", title="t")
    heights = sorted(patch.get_height() for patch in figure.axes[0].patches)  # type: ignore[attr-defined]
    assert heights == [2.0, 3.0, 4.0, 5.0]


def test_interpolation_passes_through_the_points_and_the_monotone_one_never_overshoots() -> None:
    frame = pd.DataFrame({"x": [0.0, 1, 2, 3], "y": [0.0, 0, 1, 1]})
    figure = lines.interpolated(frame, "x", "y", between=("cubic", "monotone"), title="t")
    cubic, monotone = (np.asarray(line.get_ydata(), float) for line in figure.axes[0].lines[:2])
    assert cubic.max() > 1
    assert monotone.max() <= 1
    assert monotone.min() >= 0
    with pytest.raises(DataError, match="Received: 1"):
        lines.interpolated(frame[:1], "x", "y", title="t")


def test_a_share_of_variance_between_classes_ranks_as_the_f_test_does() -> None:
    from whynet.figures.look.table import between

    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    x = rng.normal(size=(60, 5)) + labels[:, None] * np.array([0, 0.2, 0.5, 1, 2])
    scores = f_classif(x, labels)[0]
    shares = np.array([between(column, labels) for column in x.T])
    assert shares == pytest.approx(scores * 2 / (scores * 2 + 57))  # η² = F·(k − 1) / (F·(k − 1) + n − k)
    assert between(np.ones(60), labels) == 0


def test_colours_of_each_kind() -> None:
    assert colours.colours("categorical", 9)[7] == theme().colours[0]
    light = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in colours.colours("sequential", 9)]
    assert light == sorted(light, reverse=True)  # darker is more, so it prints
    assert len(set(colours.colours("diverging", 5))) == 5


def test_lines_differ_without_colour_in_print() -> None:
    runs = {name: [([0, 1], [0.0, 1.0])] for name in "abcdefg"}
    with use_theme("print"):
        figure = figures.curves(runs, title="t", y="y")
    dashes = {str(line.get_linestyle()) + str(line._unscaled_dash_pattern) for line in figure.axes[0].lines[:7]}  # type: ignore[attr-defined]
    assert len(dashes) == 7
    with pytest.raises(ValueError, match="Expected a theme"), use_theme("neon"):  # type: ignore[arg-type]
        pass


def test_a_title_is_shown_in_the_language_of_the_reader() -> None:
    title = Text("It learns", "배운다")
    for name, expected in (("en", "It learns"), ("ko", "배운다")):
        with use_language(name):  # type: ignore[arg-type]
            assert figures.schedule({"a": [0.1, 0.2]}, title=title).get_suptitle() == expected


def test_small_words_are_never_smaller_than_the_smallest() -> None:
    assert SMALL >= 8
