"""Do skip connections make the loss smooth?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import paired
from whynet.figures.canvas import number
from whynet.figures.charts import bars, facets, lines
from whynet.figures.style import SMALL, sequential, theme
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.deep_trouble.landscape import rescaled, rise, rugged, surface
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import activation_of, skips, widths_of
from whynet.questions.numbers import METRICS, mean_of, score, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec, Value
from whynet.text import Text, join

FACTOR = 10.0  # by which one layer is scaled up and the next one down
SAME = 1e-3  # what float arithmetic leaves of equality


@register(
    "question",
    name="loss-landscape",
    place=50,
    year=2018,
    source="Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets",
    en="What does the loss look like around a trained network, and do skip connections make it smooth?",
    ko="학습한 신경망 둘레의 손실(loss)은 어떻게 생겼으며, 스킵 연결(skip connection)이 그것을 매끄럽게 하는가?",
)
@dataclass(frozen=True)
class LossLandscape(Question):
    """The loss on a plane through the trained weights, shallow and deep, with and without skips.

    ``model``: an mlp without skips; all hidden layers take its first width. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = Spec("mlp", {"widths": [32], "norm": "batch"})  # noqa: RUF009  a spec is frozen
    shallow: Annotated[int, Range(least=2, most=50)] = 2
    deep: Annotated[int, Range(least=3, most=100)] = 10
    grid: Annotated[int, Range(least=5, most=101)] | None = None  # points along each side
    reach: Annotated[float, Range(above=0, most=10)] = 1.0  # as far as the weights are large
    optimizer: Spec = Spec("sgd", {"lr": 0.1})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Thousands of weights span a space that nobody can see, but the loss can be drawn on a plane through the trained weights: "
            "along two random directions. How far a step is must be measured by the weights themselves. A ReLU layer ten times as large "
            "before a layer ten times as small is the same network, yet a step of fixed length is small to one and large to the other. So "
            "each filter of a direction is made as long as the filter it moves (Li et al., 2018).",
            "가중치 수천 개가 펼치는 공간은 아무도 볼 수 없지만, 학습한 가중치를 지나는 평면 위의 손실은 그릴 수 있다. 무작위 방향 두 "
            "개를 따라간다. 한 걸음이 얼마나 먼지는 가중치에 견주어 재야 한다. 열 배 큰 ReLU 층 뒤에 열 배 작은 층이 와도 같은 "
            "신경망인데, 길이가 정해진 걸음은 한쪽에는 작고 다른 쪽에는 크기 때문이다. 그래서 방향의 필터(filter)마다 길이를 그것이 "
            "움직이는 가중치의 필터와 같게 한다(Li 외, 2018).",
        ),
        Text(
            "Drawn so, very deep networks without skips were seen to be rugged and those with skips smooth, and flat places are said to "
            "be the good ones. Two directions of many thousands are a small sample, and flatness that depends on how the same function is "
            "written down explains nothing (Dinh et al., 2017).",
            "이렇게 그렸을 때 아주 깊은 신경망은 스킵 연결이 없으면 울퉁불퉁하고 있으면 매끄러웠으며, 평평한 곳이 좋은 곳이라고들 한다. "
            "그러나 방향 수천 개 가운데 둘은 작은 표본이고, 같은 함수를 어떻게 적느냐에 따라 달라지는 평평함은 아무것도 설명하지 "
            "못한다(Dinh 외, 2017).",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "z(α, β) = L(w + α d + β e),   d_i ← d_i · ‖w_i‖ / ‖d_i‖ for each filter i\n"
        "rugged: the share of points at which the smaller eigenvalue of ∇²z is negative\n"
        "W₂ max(0, W₁x + b₁) = (W₂/c) max(0, c W₁x + c b₁),   c > 0",
        "z(α, β) = L(w + α d + β e),   필터 i마다 d_i ← d_i · ‖w_i‖ / ‖d_i‖\n"
        "울퉁불퉁함: ∇²z의 작은 쪽 고윳값이 음수인 점의 비율\n"
        "W₂ max(0, W₁x + b₁) = (W₂/c) max(0, c W₁x + c b₁),   c > 0",
    )
    sources: ClassVar[Sequence[str]] = (
        "Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets (2018)",
        "Dinh, Pascanu, Bengio and Bengio, Sharp minima can generalize for deep nets (2017)",
        "Hochreiter and Schmidhuber, Flat minima (1997)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model) or skips(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if self.shallow >= self.deep:
            raise OptionError(_DEPTHS, shallow=self.shallow, deep=self.deep)

    @cached_property
    def names(self) -> dict[str, Text]:
        """The four networks by level."""
        return {
            f"{kind} {depth}": _NAMES[kind].fill(depth=depth) for depth in (self.shallow, self.deep) for kind in ("plain", "skip")
        }  # fmt: skip

    def at(self, level: str) -> Recipe:
        """The recipe of one of the four."""
        kind, depth = level.split()
        base = recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (10 if self.quick else 20))
        widths: Value = [widths_of(self.model)[0]] * int(depth)
        return base.change(model=self.model.replace(widths=widths, skip="add" if kind == "skip" else None))

    def measure(self, listen: Listen) -> Evidence:
        """The four networks; the surface around each; one of them in other weights."""
        seeds = self.seeds or 5
        one = compare_levels([Level(name, self.at(name)) for name in self.names], ["model"], seeds, listen=listen)
        across = np.linspace(-self.reach, self.reach, self.grid or (9 if self.quick else 21))
        heights, rows, same = [], [], []
        for level, arms in one.arms.items():
            for seed, fitted in enumerate(arms):
                z = surface(fitted, across, seed)
                middle = len(across) // 2
                edge = np.mean([z[middle, 0], z[middle, -1], z[0, middle], z[-1, middle]])
                rows.append((level, seed, rugged(z), float(edge - z.min()), scores(one, level)[seed]))
                b, a = np.meshgrid(across, across, indexing="ij")
                heights.append(pd.DataFrame({"level": level, "seed": seed, "a": a.ravel(), "b": b.ravel(), "loss": z.ravel()}))
        if activation_of(self.model) == "relu":
            for seed, fitted in enumerate(one.arms[f"plain {self.shallow}"]):
                weights, other = fitted.outcome.weights, rescaled(fitted, FACTOR)
                pairs = [(rise(fitted, weights, seed, kind), rise(fitted, other, seed, kind)) for kind in (True, False)]
                same.append((seed, *pairs[0], *pairs[1]))
        return Evidence(
            {"networks": one},
            {
                "shape": pd.DataFrame(rows, columns=["level", "seed", "rugged", "rise", "score"]),
                "rescaled": pd.DataFrame(same, columns=["seed", "normalised", "normalised_after", "raw", "raw_after"]),
            },
            {"surface": pd.concat(heights, ignore_index=True)},
        )

    def claims(self) -> Sequence[Claim]:
        """What is said of skips, depth and flatness; what the way of drawing does."""
        plain, skip, shallow = f"plain {self.deep}", f"skip {self.deep}", f"plain {self.shallow}"
        fill = {"deep": self.deep, "shallow": self.shallow}
        claims = [
            Claim("smooth", _SMOOTH.fill(**fill), lambda e: _apart(e, "rugged", skip, plain), Range(below=0), saying=True),
            Claim("flat", _FLAT.fill(**fill), lambda e: _apart(e, "rise", skip, plain), Range(below=0), saying=True),
            Claim(
                "depth-rugged", _RUGGED.fill(**fill), lambda e: _apart(e, "rugged", plain, shallow), Range(above=0), saying=True
            ),
            Claim("flat-better", _BETTER, _order, Range(below=0), saying=True),
        ]
        if activation_of(self.model) == "relu":
            claims += [
                Claim("same-surface", _INVARIANT, lambda e: _moved(e, "normalised"), Range(below=SAME)),
                Claim("raw-changes", _RAW, lambda e: _moved(e, "raw"), Range(least=0.5)),
            ]
        return claims

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How rugged and how steep each of the four is."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one, table = evidence.comparisons["networks"], evidence.tables["shape"]

        def listed(column: str, share: bool) -> Text:
            means = {level: float(table.loc[table["level"] == level, column].mean()) for level in self.names}
            shown = {level: f"{100 * value:.0f} %" if share else number(value, 2) for level, value in means.items()}
            return join([_PAIR.fill(name=name, value=shown[level]) for level, name in self.names.items()], ", ")

        reached = join([_PAIR.fill(name=name, value=score(one, level).alone) for level, name in self.names.items()], ", ")
        return {
            "rugged": listed("rugged", True), "rise": listed("rise", False), "scores": reached, "metric": METRICS[one.metric],
            "reach": f"{self.reach:g}",
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The four surfaces of the first seed, the loss along one direction, the share that bends down."""
        table, trace, found = evidence.tables["shape"], evidence.traces["surface"], self._found(evidence)
        seen, steep, bent = _SEEN.fill(**found), _STEEP.fill(**found), _BENT.fill(**found)

        def named(frame: pd.DataFrame) -> pd.DataFrame:
            return frame.assign(name=frame["level"].map({level: str(name) for level, name in self.names.items()}))

        def surfaces() -> Figure:
            first = named(trace[trace["seed"] == 0])
            low, high = max(float(first["loss"].min()), 1e-6), float(first["loss"].max())
            levels = np.geomspace(low, high, 12)

            def draw(ax: Axes, rows: pd.DataFrame) -> None:
                z = rows.pivot_table(index="b", columns="a", values="loss")
                x, y, height = z.columns.to_numpy(float), z.index.to_numpy(float), np.maximum(z.to_numpy(), low)
                ax.contourf(x, y, np.log(height), levels=np.log(levels), cmap=sequential(), extend="both")
                marks = ax.contour(x, y, height, levels=levels[::3], colors=theme().ink, linewidths=0.7)
                ax.clabel(marks, fontsize=SMALL - 1.5, fmt=lambda value: number(float(value), 2))

            return facets.grid(first, "name", draw, title=seen, x_name="α", y_name="β", columns=2)

        def along() -> Figure:
            line = named(trace[trace["b"].abs() < 1e-12])
            return lines.interval(line, "a", "loss", by="name", title=steep, x_name=_DISTANCE, y_name=_LOSS)

        def share() -> Figure:
            frame = table.assign(
                kind=[str(_KINDS[level.split()[0]]) for level in table["level"]],
                depth=[level.split()[1] for level in table["level"]],
                rugged=100 * table["rugged"],
            )
            return bars.grouped(frame, "depth", "rugged", "kind", title=bent, x_name=_HIDDEN, y_name=_SHARE)

        return [Drawn(seen, surfaces, _READ_SEEN), Drawn(steep, along, _READ_STEEP), Drawn(bent, share, _READ_BENT)]

    def changes(self) -> Sequence[Change]:
        """Without batch norm, deeper, farther away, other data."""
        return [
            Change(_TRY_PLAIN, "whynet ask loss-landscape --model 'mlp(widths=[32])' --set deep=5"),
            Change(_TRY_DEEPER, "whynet ask loss-landscape --set deep=30"),
            Change(_TRY_REACH, "whynet ask loss-landscape --set reach=0.25"),
            Change(_TRY_DATA, "whynet ask loss-landscape --data spirals --set epochs=60"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def _of(evidence: Evidence, column: str, level: str) -> np.ndarray:
    table = evidence.tables["shape"]
    return table.loc[table["level"] == level, column].to_numpy(dtype=float)


def _apart(evidence: Evidence, column: str, level: str, other: str) -> Measured:
    found = paired(_of(evidence, column, level), _of(evidence, column, other), higher_is_better=False)
    return Measured(found.difference, _GAPS[column], "points" if column == "rugged" else "number")


def _order(evidence: Evidence) -> Measured:
    """Spearman's rank correlation of rise and score over the four networks of a seed, the mean over seeds."""
    table = evidence.tables["shape"]
    found = [part["rise"].rank().corr(part["score"].rank()) for _, part in table.groupby("seed")]
    return mean_of([0.0 if np.isnan(one) else float(one) for one in found], _RANKS)  # equal scores: no order at all


def _moved(evidence: Evidence, kind: str) -> Measured:
    """|rise in other weights / rise − 1|, a value for each seed."""
    table = evidence.tables["rescaled"]
    return mean_of((table[f"{kind}_after"] / table[kind] - 1).abs().to_numpy(dtype=float), _CHANGED)


_KINDS = {"plain": Text("plain", "보통"), "skip": Text("with skips", "스킵 연결")}
_NAMES = {"plain": Text("plain {depth}", "보통 {depth}층"), "skip": Text("skips {depth}", "스킵 연결 {depth}층")}
_GAPS = {
    "rugged": Text("difference in the share of points that bend down, same seeds", "아래로 굽은 점의 비율 차이, 같은 시드끼리"),
    "rise": Text("difference in how far the loss rises, same seeds", "손실이 오르는 높이의 차이, 같은 시드끼리"),
}
_RANKS = Text("rank correlation of rise and score over the four networks", "네 신경망에서 오르는 높이와 점수의 순위 상관")
_CHANGED = Text("relative change of the rise in other weights", "다른 가중치로 적었을 때 오르는 높이의 상대 변화")
_SMOOTH = Text(
    "Skips make the surface smooth: at depth {deep} fewer points bend down.",
    "스킵 연결은 표면을 매끄럽게 한다. {deep}층에서 아래로 굽은 점이 더 적다.",
)
_FLAT = Text(
    "Skips make it flat: at depth {deep} the loss rises less.",
    "스킵 연결은 표면을 평평하게 한다. {deep}층에서 손실이 덜 오른다.",
)
_RUGGED = Text(
    "Depth makes it rugged: more points bend down at depth {deep} than at {shallow}.",
    "깊이는 표면을 울퉁불퉁하게 한다. {shallow}층보다 {deep}층에서 아래로 굽은 점이 많다.",
)
_BETTER = Text(
    "Flat is good: of the four networks, those whose loss rises less score better.",
    "평평한 것이 좋다. 네 신경망 가운데 손실이 덜 오르는 것이 점수가 더 높다.",
)
_INVARIANT = Text(
    "Drawn by filters the same function in other weights has the same surface, to a thousandth.",
    "필터에 맞춰 그리면 같은 함수는 다른 가중치로 적어도 표면이 1000분의 1까지 같다.",
)
_RAW = Text(
    "Drawn with steps of fixed length it looks different: the rise changes by half at least.",
    "길이가 정해진 걸음으로 그리면 달라 보인다. 오르는 높이가 절반 이상 달라진다.",
)
_VERDICT = Text(
    "Points that bend down: {rugged}. Rise of the loss at distance {reach}: {rise}. {metric}: {scores}.",
    "아래로 굽은 점: {rugged}. 거리 {reach}에서 손실이 오르는 높이: {rise}. {metric}: {scores}.",
)
_PAIR = Text("{name}: {value}", "{name}: {value}")
_SEEN = Text("Points that bend down: {rugged}", "아래로 굽은 점: {rugged}")
_STEEP = Text("Rise of the loss at distance {reach}: {rise}", "거리 {reach}에서 손실이 오르는 높이: {rise}")
_BENT = Text("Share of points that bend down: {rugged}", "아래로 굽은 점의 비율: {rugged}")
_DISTANCE = Text("distance from the trained weights, in their own size", "학습한 가중치에서의 거리, 가중치의 크기를 1로")
_LOSS = Text("training loss", "학습 손실(training loss)")
_HIDDEN = Text("hidden layers", "은닉층의 수")
_SHARE = Text("points that bend down, in %", "아래로 굽은 점의 비율(%)")
_READ_SEEN = Text(
    "The first seed, on one logarithmic scale for all four: the trained weights are in the middle, darker is higher, numbers are losses.",
    "첫 시드이며 넷의 로그 눈금이 같다. 가운데가 학습한 가중치이고, 짙을수록 높으며, 숫자는 손실이다.",
)
_READ_STEEP = Text("Along the first of the two directions, all seeds.", "두 방향 가운데 첫째를 따라, 모든 시드.")
_READ_BENT = Text(
    "A bowl bends up everywhere. Where the surface bends down there is a ridge, a plateau's edge or a saddle.",
    "사발은 어디서나 위로 굽는다. 아래로 굽은 곳은 등성이거나 고원의 가장자리거나 안장이다.",
)
_TRY_PLAIN = Text("Without batch norm: who is rugged now?", "배치 정규화 없이: 이제 누가 울퉁불퉁한가?")
_TRY_DEEPER = Text("Thirty layers: does the difference grow?", "30층: 차이가 커지는가?")
_TRY_REACH = Text("Nearer: is there anything but a bowl?", "더 가까이: 사발 말고 다른 것이 있는가?")
_TRY_DATA = Text("Two spirals: the same picture?", "두 나선: 같은 그림인가?")
_NOT_MLP = Text(
    "loss-landscape puts skips into an mlp that has none. Expected a model such as mlp(widths=[32], norm=batch). Received: {received}",
    "loss-landscape는 스킵 연결이 없는 mlp에 스킵 연결을 넣는다. mlp(widths=[32], norm=batch) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "Expected shallow below deep. Received: shallow={shallow}, deep={deep}",
    "shallow는 deep보다 작아야 한다. 받은 것: shallow={shallow}, deep={deep}",
)
