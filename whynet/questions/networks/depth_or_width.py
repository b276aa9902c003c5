"""With equally many weights, is it better to be deep or wide?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import pandas as pd
import torch
from matplotlib.figure import Figure

from whynet.engine.arm import prepare
from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import paired
from whynet.figures import by_depth
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import activation_of, widths_of
from whynet.questions.networks.pieces import STEPS, folded, pieces_along, pieces_of
from whynet.questions.networks.planes import boundary, is_planar
from whynet.questions.networks.shapes import weights_of
from whynet.questions.numbers import CHANCE, METRICS, chance_of, difference, leaders, score, scores
from whynet.questions.pictures import within
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

FOLDS = 6  # layers of two units of the network built by hand
EQUAL = 0.05


@register(
    "question",
    name="depth-or-width",
    place=40,
    year=2016,
    source="Telgarsky, Benefits of depth in neural networks",
    en="With equally many weights, is a network better deep or wide?",
    ko="가중치의 수가 같다면 신경망은 깊은 것이 나은가, 넓은 것이 나은가?",
)
@dataclass(frozen=True)
class DepthOrWidth(Question):
    """Networks of 1 to 20 hidden layers, each as wide as the same number of weights allows.

    ``model``: an mlp, whose widths are the factor; ``weights``: what each may have. Raises `OptionError` where it is another.
    """

    data: str | Spec = Spec("spirals", {"turns": 2.0})  # noqa: RUF009  a spec is frozen
    model: Spec = Spec("mlp")  # noqa: RUF009
    weights: Annotated[int, Range(least=50, most=1_000_000)] | None = None  # None: 600, more where the data need them
    depths: Sequence[Annotated[int, Range(least=1, most=50)]] | None = None
    init: Spec = Spec("he")  # noqa: RUF009  made for ReLU, so that depth by itself shrinks nothing
    optimizer: Spec = Spec("adam", {"lr": 0.01})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A layer of n ReLUs can bend a line at n places. A layer after it bends every piece again, so pieces multiply with "
            "depth and only add with width: six layers of two units can fold a line into 64 pieces, twelve units in one layer "
            "make at most 13. There are functions for which a shallow network would need exponentially many units.",
            "ReLU n개인 층 하나는 직선을 n곳에서 꺾을 수 있다. 그다음 층은 조각마다 다시 꺾으므로, 조각의 수는 깊이로는 곱해지고 "
            "너비로는 더해질 뿐이다. 유닛 둘씩 여섯 층이면 직선을 조각 64개로 접을 수 있지만, 한 층에 유닛 열두 개로는 많아야 "
            "13개다. 얕은 신경망으로는 유닛이 지수적으로 많이 필요한 함수가 있다.",
        ),
        Text(
            "What can be built by hand need not be what training finds: networks drawn at random and trained have about as many "
            "pieces as units (Hanin and Rolnick, 2019). And with the number of weights fixed, each further layer makes all "
            "layers narrower; a narrow layer lets little through, and where all its ReLUs are silent nothing at all.",
            "손으로 만들 수 있다고 해서 학습이 그것을 찾는 것은 아니다. 무작위에서 시작해 학습한 신경망의 조각은 대략 유닛의 수만큼이다"
            "(Hanin과 Rolnick, 2019). 또 가중치의 수를 고정하면 층을 늘릴수록 모든 층이 좁아진다. 좁은 층은 조금밖에 통과시키지 "
            "못하고, 그 층의 ReLU가 모두 꺼지면 아무것도 지나가지 못한다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "t(x) = 2 max(0, x) − 4 max(0, x − 1/2),   t∘t∘…∘t (k times): 2ᵏ pieces with 2k units\n"
        "one hidden layer of n units, along a line: at most n + 1 pieces\n"
        "weights = Σ_l (n_l + 1) · n_{l+1} ≈ depth · width²",
        "t(x) = 2 max(0, x) − 4 max(0, x − 1/2),   t∘t∘…∘t (k번): 유닛 2k개로 조각 2ᵏ개\n"
        "유닛 n개의 은닉층 하나, 직선을 따라: 조각은 많아야 n + 1개\n"
        "가중치 = Σ_l (n_l + 1) · n_{l+1} ≈ 깊이 · 너비²",
    )
    sources: ClassVar[Sequence[str]] = (
        "Montúfar, Pascanu, Cho and Bengio, On the number of linear regions of deep neural networks (2014)",
        "Telgarsky, Benefits of depth in neural networks (2016)",
        "Hanin and Rolnick, Complexity of linear regions in deep networks (2019)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 3:
            raise OptionError(_DEPTHS, received=str(list(self.levels)))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The depths compared, from shallow to deep."""
        return tuple(sorted(self.depths or ((1, 3, 20) if self.quick else (1, 2, 3, 5, 10, 20))))

    @property
    def middle(self) -> int:
        """The depth that both extremes are compared with."""
        return self.levels[1] if len(self.levels) == 3 else self.levels[len(self.levels) // 2 - 1]

    @property
    def bends(self) -> bool:
        """Whether there are pieces to count."""
        return activation_of(self.model) == "relu"

    @cached_property
    def base(self) -> Recipe:
        """The recipe whose widths are the factor."""
        epochs = self.epochs or (40 if self.quick else 60)
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=epochs, init=self.init)

    @cached_property
    def widths(self) -> dict[int, int]:
        """The width at each depth; at least 1, so the deepest may have more weights than said where these are few."""
        arm = prepare(self.base)
        task = arm.dataset.task
        inputs, outputs = int(torch.Size(task.inputs).numel()), arm.loss.units(task)
        budget = self.weights or max(600, 60 * (inputs + outputs))
        return {depth: widest(inputs, depth, outputs, budget) for depth in self.levels}

    def measure(self, listen: Listen) -> Evidence:
        """Depth as the factor, the width following from it; then the pieces of the trained networks."""
        levels = [Level(str(d), self.base.change(model=self.model.replace(widths=[w] * d))) for d, w in self.widths.items()]
        one = compare_levels(levels, ["model.widths"], self.seeds or (5 if self.quick else 10), listen=listen)
        rows = [
            (depth, width, fitted.arm.network.size, seed, pieces_of(fitted.module, fitted.dataset.train.pool_x))
            for depth, width in self.widths.items()
            for seed, fitted in enumerate(one.arms[str(depth)])
        ]
        return Evidence({"depth": one}, {"pieces": pd.DataFrame(rows, columns=["depth", "width", "weights", "seed", "pieces"])})

    def claims(self) -> Sequence[Claim]:
        """What depth can do by hand, what it does trained."""
        low, mid, top = str(self.levels[0]), str(self.middle), str(self.levels[-1])
        fill = {"low": low, "mid": mid, "top": top}

        claims = [
            Claim("folds", _FOLDS.fill(k=FOLDS, n=2 * FOLDS, pieces=2**FOLDS), _by_hand, Range(least=2**FOLDS, most=2**FOLDS)),
            Claim("some-depth", _SOME.fill(**fill), lambda e: difference(e.comparisons["depth"], mid, low), Range(above=0)),
            Claim(
                "wide-enough",
                _WIDE.fill(**fill),
                lambda e: difference(e.comparisons["depth"], low, mid),
                Range(least=-EQUAL),
                True,
            ),
            Claim("deeper", _DEEPER.fill(**fill), lambda e: difference(e.comparisons["depth"], top, mid), Range(above=0), True),
            Claim("too-deep", _TOO_DEEP.fill(**fill), lambda e: difference(e.comparisons["depth"], top, low), Range(below=0)),
        ]
        if self.bends:
            more = Claim(
                "more-pieces", _MORE.fill(**fill), lambda e: _more_pieces(e, self.middle, self.levels[0]), Range(above=0), True
            )
            claims.append(more)
        return claims

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Which depth leads, what each reaches, and how many pieces they have."""
        found = self._found(evidence)
        return join([_VERDICT.fill(**found), _PIECES.fill(**found)]) if self.bends else _VERDICT.fill(**found)

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one = evidence.comparisons["depth"]
        pieces = evidence.tables["pieces"].groupby("depth")["pieces"].mean()
        best = leaders({str(depth): scores(one, str(depth)) for depth in self.levels})
        shapes = [_SHAPE.fill(d=d, w=w, value=score(one, str(d)).alone) for d, w in self.widths.items()]
        return {
            "low": self.levels[0], "mid": self.middle, "top": self.levels[-1], "best": ", ".join(best), "metric": METRICS[one.metric],
            "scores": join(shapes, ", "), "chance": chance_of(one).alone, "least": evidence.tables["pieces"]["weights"].min(),
            "most": evidence.tables["pieces"]["weights"].max(),
            "pieces": join([_COUNT.fill(d=d, n=number(float(pieces[d]))) for d in self.levels], ", "),
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The score by depth, the pieces by depth, and the answers of the shallow and the middle network."""
        one, table, found = evidence.comparisons["depth"], evidence.tables["pieces"], self._found(evidence)
        by_score, counted = _BEST.fill(**found), _PIECES.fill(**found)
        places: dict[float, Text | str] = {i: _TICK.fill(d=d, w=w) for i, (d, w) in enumerate(self.widths.items())}

        def reach() -> Figure:
            rows = [(i, value) for i, depth in enumerate(self.levels) for value in scores(one, str(depth))]
            frame = pd.DataFrame(rows, columns=["place", "score"])
            drawn = lines.interval(frame, "place", "score", title=by_score, x_name=_HIDDEN, y_name=METRICS[one.metric])
            within(drawn, one)
            return remarks.reference(remarks.ticks(drawn, places), one.chance, CHANCE)

        def count() -> Figure:
            wide = table.pivot_table(index="seed", columns="depth", values="pieces")
            units = pd.Series({d: d * w + 1 for d, w in self.widths.items()})
            return by_depth({str(_TRAINED): wide, str(_LIMIT): units}, title=counted, quantity=_QUANTITY, x=_LAYERS)

        drawn = [Drawn(by_score, reach, _READ_SCORE)]
        if self.bends:
            drawn.append(Drawn(counted, count, _READ_PIECES))
        for depth in (self.levels[0], self.middle):
            fitted = one.arms[str(depth)][0]
            if is_planar(fitted):
                title = _SEEN.fill(d=depth, w=self.widths[depth], value=f"{100 * fitted.score('test'):.1f} %")
                drawn.append(Drawn(title, lambda fitted=fitted, title=title: boundary(fitted, title), _READ_SEEN))  # type: ignore[misc]
        return drawn

    def changes(self) -> Sequence[Change]:
        """More weights, skip connections, another start, other data."""
        return [
            Change(_TRY_MORE, "whynet ask depth-or-width --set weights=5000"),
            Change(_TRY_SKIP, "whynet ask depth-or-width --model 'mlp(skip=add)'"),
            Change(_TRY_INIT, "whynet ask depth-or-width --set init=default"),
            Change(_TRY_DIGITS, "whynet ask depth-or-width --data digits"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def widest(inputs: int, depth: int, outputs: int, budget: int) -> int:
    """The greatest width whose ``depth`` equal hidden layers have no more weights than the budget; at least 1."""
    width = 1
    while weights_of(inputs, [width + 1] * depth, outputs) <= budget:
        width += 1
    return width


def _by_hand(evidence: Evidence) -> Measured:
    line = torch.linspace(0, 1, STEPS, dtype=torch.float64)[1:-1, None] + 1e-5  # so that no place falls on a bend
    return exactly(float(pieces_along(folded(FOLDS), line)), _BY_HAND)


def _more_pieces(evidence: Evidence, depth: int, other: int) -> Measured:
    table = evidence.tables["pieces"]
    deep, wide = (table.loc[table["depth"] == d, "pieces"].to_numpy(dtype=float) for d in (depth, other))
    return Measured(paired(deep, wide).difference, _MORE_OF)


_BY_HAND = Text("pieces, counted along the line", "직선을 따라 센 조각의 수")
_MORE_OF = Text("difference in pieces along a line, same seeds", "직선을 따라 센 조각 수의 차이, 같은 시드끼리")
_FOLDS = Text(
    "Built by hand, {n} units in {k} layers fold a line into {pieces} pieces; in one layer they make {n} + 1 at most.",
    "손으로 만들면 유닛 {n}개로 {k}개 층을 쌓아 직선을 조각 {pieces}개로 접는다. 한 층에서는 많아야 {n} + 1개다.",
)
_SOME = Text(
    "With as many weights, {mid} hidden layers beat {low}.",
    "가중치 수가 같을 때 은닉층(hidden layer) {mid}개가 {low}개를 이긴다.",
)
_WIDE = Text(
    "One wide layer can hold any function, so {low} is as good as {mid}, within 0.05.",
    "넓은 층 하나면 어떤 함수든 담으므로 {low}개도 {mid}개만큼 좋다(0.05 안에서).",
)
_DEEPER = Text("Deeper is better: {top} hidden layers beat {mid}.", "깊을수록 좋다. 은닉층 {top}개가 {mid}개를 이긴다.")
_TOO_DEEP = Text(
    "Too deep is worse than shallow: {top} hidden layers lose to {low}.",
    "지나치게 깊으면 얕은 것보다 못하다. 은닉층 {top}개는 {low}개에 진다.",
)
_MORE = Text(
    "Trained too, depth multiplies: {mid} hidden layers have more pieces than {low}.",
    "학습한 신경망에서도 깊이는 조각을 불린다. 은닉층 {mid}개가 {low}개보다 조각이 많다.",
)
_VERDICT = Text(
    "With {least} to {most} weights each the best depth is {best} ({metric}; depths named together could not be told apart): {scores}; "
    "chance {chance}.",
    "가중치가 저마다 {least}~{most}개일 때 가장 좋은 깊이는 {best:이다}({metric}, 함께 적힌 깊이는 차이가 드러나지 않았다). {scores}, "
    "우연 수준(chance) {chance}.",
)
_PIECES = Text("Pieces along a line after training: {pieces}", "학습 뒤 직선을 따라 센 조각의 수: {pieces}")
_SHAPE = Text("{d} × {w} {value}", "{d}층 × {w}개 {value}")
_COUNT = Text("{n} at depth {d}", "깊이 {d}에서 {n}")
_BEST = Text("{metric}, layers × units: {scores}", "{metric}, 층 × 유닛: {scores}")
_TICK = Text("{d} × {w}", "{d} × {w}")
_SEEN = Text("Depth {d}, {w} units in each layer, the first seed: {value}", "유닛 {w}개인 은닉층 {d}개, 첫 시드(seed): {value}")
_HIDDEN = Text("hidden layers × units in each", "은닉층의 수 × 층마다 유닛의 수")
_LAYERS = Text("hidden layers", "은닉층의 수")
_TRAINED = Text("counted after training", "학습 뒤에 센 것")
_LIMIT = Text("units + 1: one layer's limit", "유닛 + 1: 한 층의 한계")
_QUANTITY = Text("pieces along a line between two examples", "두 예제를 잇는 선 위의 조각")
_READ_SCORE = Text(
    "Every network has as many weights as the others, as nearly as whole widths allow.",
    "모든 신경망의 가중치 수가 너비를 정수로 맞출 수 있는 만큼 같다.",
)
_READ_PIECES = Text(
    "Lines between the same pairs of examples. If depth multiplied pieces in training, the curve would rise above the limit of "
    "one layer.",
    "같은 예제 쌍을 잇는 선을 따라 센다. 학습에서 깊이가 조각을 불렸다면 곡선이 한 층의 한계 위로 올라갈 것이다.",
)
_READ_SEEN = Text("The colour of the ground is the answer.", "바탕색이 답이다.")
_TRY_MORE = Text("Eight times the weights: is one layer enough now?", "가중치를 여덟 배로: 이제 한 층으로 충분한가?")
_TRY_SKIP = Text("Skip connections: does too deep still hurt?", "스킵 연결(skip connection): 지나친 깊이가 여전히 해로운가?")
_TRY_INIT = Text("Torch's own initial weights: which depth suffers first?", "torch의 기본 초기화: 어느 깊이가 먼저 무너지는가?")
_TRY_DIGITS = Text("Pictures of digits: is depth worth anything there?", "숫자 그림: 거기서 깊이가 쓸모가 있는가?")
_NOT_MLP = Text(
    "depth-or-width varies the shape of an mlp. Expected a model such as mlp(activation=relu). Received: {received}",
    "depth-or-width는 mlp의 모양을 바꾼다. mlp(activation=relu) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "depths: expected at least three different depths. Received: {received}",
    "depths: 서로 다른 깊이가 셋 이상이어야 한다. 받은 것: {received}",
)
