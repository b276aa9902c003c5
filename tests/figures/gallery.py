"""One call of every figure on plausible data, for the tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet import figures
from whynet.engine.roc import roc
from whynet.figures.charts import bars, colours, facets, lines, remarks
from whynet.models.build import build
from whynet.models.graph import graph
from whynet.text import Text

TITLE = Text("A finding in one line", "한 줄로 쓴 발견")
NAME = Text("height (cm)", "키(height, cm)")
RNG = np.random.default_rng(0)

STEPS = np.arange(0, 50, 5)
SEEDS = [(STEPS, 1 - np.exp(-STEPS / 10) + RNG.normal(0, 0.02, len(STEPS))) for _ in range(3)]
LAYERS = pd.DataFrame(10.0 ** RNG.normal(-3, 1, (4, 6)), columns=[f"hidden{i}" for i in range(6)])
FLOWERS = pd.DataFrame(RNG.normal(0, 1, (30, 4)), columns=["a", "b", "c", "price ($) & $_{"])
KIND = pd.Series(["red", "blue", "장미"] * 10)
MONTHS = pd.DataFrame(
    {"month": ["Jan", "Feb", "Mar"], "cone": [3.0, 5.0, 9.0], "cup": [1.0, 4.0, 2.0], "day": [1.0, 32.0, 60.0]}
)
PLANE = np.linspace(-1, 1, 12)
PICTURES = RNG.random((5, 1, 6, 6))
SIGNED = RNG.normal(0, 1, (10, 1, 6, 6))
CLASSES = np.broadcast_to(np.arange(6) // 2 - 1, (2, 6, 6)).clip(-1, 1)  # a stripe that is not judged, one of each class
LEVELS = [
    figures.Level(Text("as it was", "원래대로"), [0.1, 0.2, 0.15], 0.15, (0.05, 0.25), baseline=True),
    figures.Level(
        "relu", [0.8, 0.9, np.nan], 0.85, (0.7, 0.95), 0.7, (0.6, 0.8), Text("restores learning", "학습이 되살아난다")
    ),
    figures.Level(
        "lr=0.1", [0.1, 0.2, 0.1], 0.13, (0.0, 0.3), -0.02, (-0.1, 0.06), Text("no difference detected", "차이가 안 보인다")
    ),
]
NETWORK = graph(build("mlp(widths=[8, 8, 8, 8, 8, 8], skip='concat')", (8,), 2), (8,), depth=3)


def _remarked() -> Figure:
    figure = lines.trend(MONTHS, "day", ["cone", "cup"], title=TITLE, y_name=NAME)
    remarks.annotate(figure, 32, 5, NAME)
    remarks.span(figure, 10, 20, NAME)
    remarks.span(figure, 2, 3, NAME, axis="y")
    remarks.reference(figure, 4, NAME)
    remarks.reference(figure, 40, NAME, axis="x")
    remarks.ticks(figure, {1.0: NAME, 60.0: "60"})
    return remarks.legend(remarks.title(figure, TITLE))


GALLERY: dict[str, Callable[[], Figure]] = {
    "curves": lambda: figures.curves({"relu": SEEDS, "한글": SEEDS}, title=TITLE, y=NAME, chance=0.1),
    "curves, many, log": lambda: figures.curves({f"lr={i}": SEEDS for i in range(9)}, title=TITLE, y=NAME, log=True),
    "by_depth": lambda: figures.by_depth({"sigmoid": LAYERS, "relu": LAYERS.iloc[0]}, title=TITLE, quantity=NAME),
    "heat": lambda: figures.heat(LAYERS, title=TITLE, quantity=NAME),
    "trial": lambda: figures.trial(LEVELS, title=TITLE, metric=NAME, chance=0.1),
    "trial, unpaired": lambda: figures.trial(LEVELS[:1], title=TITLE, metric=NAME),
    "path_2d": lambda: figures.path_2d(
        PLANE, PLANE, np.add.outer(PLANE**2, PLANE**2), {"sgd": [(1, 1), (0.5, 0.4)]}, title=TITLE, minimum=(0, 0)
    ),
    "confusion": lambda: figures.confusion([[5, 1], [0, 3]], ["고양이", "dog with a long name"], title=TITLE),
    "images": lambda: figures.images(PICTURES, ["하나", "two"], title=TITLE),
    "worst, images": lambda: figures.worst(PICTURES, list("abcde"), list("bcdea"), [1, 2, np.nan, 4, 5], title=TITLE),
    "worst, rows": lambda: figures.worst(FLOWERS, ["red"] * 30, ["blue"] * 30, list(range(30)), title=TITLE),
    "distribution": lambda: figures.distribution(FLOWERS, KIND, title=TITLE),
    "distribution, boxes": lambda: figures.distribution(FLOWERS, KIND, title=TITLE, kind="box"),
    "correlation": lambda: figures.correlation(FLOWERS, title=TITLE),
    "relation": lambda: figures.relation(FLOWERS, "a", "price ($) & $_{", by=KIND, title=TITLE),
    "relation, trend": lambda: figures.relation(FLOWERS, "a", "b", title=TITLE, trend=True),
    "class_counts": lambda: figures.class_counts({"장미": 3, "tulip": 5}, title=TITLE),
    "decision_boundary, probability": lambda: figures.decision_boundary(
        PLANE, PLANE, np.full((12, 12), 0.5) + PLANE / 3, FLOWERS[["a", "b"]], [0, 1] * 15, classes=["하나", "둘"], title=TITLE
    ),
    "decision_boundary, classes": lambda: figures.decision_boundary(
        PLANE,
        PLANE,
        np.arange(144).reshape(12, 12) % 3,
        FLOWERS[["a", "b"]],
        [0, 1, 2] * 10,
        classes=["a", "b", "c"],
        title=TITLE,
    ),
    "weights": lambda: figures.weights({"hidden0": PICTURES - 0.5, "head": [np.nan, 1.0]}, title=TITLE),
    "roc": lambda: figures.roc({"장미": roc([3, 2, 1, 0], [1, 0, 1, 0]), "a long name": roc([1, 0], [1, 0])}, title=TITLE),
    "schedule": lambda: figures.schedule({"cosine": np.linspace(0.1, 0, 20)}, title=TITLE),
    "schedule, log": lambda: figures.schedule({"exponential": 0.1 * 0.9 ** np.arange(20)}, title=TITLE, log=True),
    "graph": lambda: figures.graph(NETWORK, title=TITLE),
    "filters": lambda: figures.filters(SIGNED, title=TITLE),
    "filters, colour": lambda: figures.filters(np.repeat(SIGNED, 3, axis=1), title=TITLE),
    "feature_maps": lambda: figures.feature_maps(
        {"stage1.0.a_very_long_name.conv1": SIGNED[:, 0], "stage2": PICTURES[:3, 0]}, title=TITLE, picture=PICTURES[0]
    ),
    "attention": lambda: figures.attention({f"blocks.{i}": PICTURES[:4, 0] for i in range(2)}, title=TITLE),
    "attention, picture": lambda: figures.attention({"blocks.0": PICTURES[:3, 0, :2, :2]}, title=TITLE, picture=PICTURES[0]),
    "evidence": lambda: figures.evidence(PICTURES, SIGNED[:5, 0], ["하나", "answered 8, is 3"], title=TITLE, quantity=NAME),
    "evidence, one": lambda: figures.evidence(PICTURES[:1], PICTURES[:1, 0], title=TITLE, quantity=NAME, note=TITLE),
    "embedding": lambda: figures.embedding(
        FLOWERS[["a", "b"]],
        [i % 9 for i in range(30)],
        list("abcdefgh장"),
        title=TITLE,
        wrong=[i == 3 for i in range(30)],
        note=TITLE,
    ),
    "masks": lambda: figures.masks(PICTURES[:2], CLASSES, 1 - CLASSES.clip(0), ["배경", "dog"], ["IoU 0.5"], title=TITLE),
    "boxes": lambda: figures.boxes(
        PICTURES[:2],
        [[[0, 0.1, 0.1, 0.5, 0.6], [-1, 0, 0, 0, 0]]] * 2,
        [[[1, 0.9, 0.2, 0.1, 0.6, 0.6], [0, 0.3, 0, 0, 1, 1], [-1, 0, 0, 0, 0, 0]]] * 2,
        ["고양이", "dog"],
        ["0 missed"],
        title=TITLE,
    ),
    "bars.simple": lambda: bars.simple(MONTHS, "month", "cone", title=TITLE),
    "bars.multiple": lambda: bars.multiple(MONTHS, "month", ["cone", "cup"], title=TITLE, y_name=NAME),
    "bars.stacked": lambda: bars.stacked(MONTHS, "month", ["cone", "cup"], title=TITLE, y_name=NAME),
    "bars.percentage": lambda: bars.percentage(MONTHS, "month", ["cone", "cup"], title=TITLE),
    "bars.grouped": lambda: bars.grouped(FLOWERS.assign(kind=KIND, half=[1, 2] * 15), "kind", "a", "half", title=TITLE),
    "lines.trend": lambda: lines.trend(MONTHS, "day", ["cone", "cup"], title=TITLE, y_name=NAME),
    "lines.interval": lambda: lines.interval(FLOWERS.assign(day=[1, 2, 3] * 10), "day", "a", title=TITLE),
    "lines.interpolated": lambda: lines.interpolated(
        MONTHS, "day", "cone", between=("linear", "step", "cubic", "monotone"), title=TITLE
    ),
    "lines.twin": lambda: lines.twin(MONTHS, "month", "cone", "cup", title=TITLE),
    "facets.grid": lambda: facets.grid(FLOWERS.assign(kind=KIND), "kind", lambda ax, rows: ax.plot(rows["a"]), title=TITLE),
    "colours.swatches": lambda: colours.swatches(title=TITLE),
    "remarks": _remarked,
}
