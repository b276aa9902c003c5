"""Why do deep sigmoid networks stop learning?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import pandas as pd
from matplotlib.figure import Figure

from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures import by_depth
from whynet.figures.canvas import number
from whynet.figures.charts import lines, remarks
from whynet.questions import gradients
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.deep_trouble.remedies import MENDED, OUTCOMES_OF_REMEDIES, PATHS, Remedy, remedies
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import activation_of, widths_of
from whynet.questions.numbers import CHANCE, METRICS, above_chance, chance_of, mean_of, recovered, score, scores
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join

SIGMOID = Spec("mlp", {"widths": [64], "activation": "sigmoid"})
DESCENT = Spec("sgd", {"lr": 0.1})
BROKEN = "unchanged"  # the level that the remedies are compared with
PREDICTED = 1 / 4 / math.sqrt(3)  # the greatest slope of a sigmoid, times the gain of torch's initial weights


@register(
    "question",
    name="vanishing-gradient",
    place=10,
    year=1991,
    source="Hochreiter (1991); Bengio, Simard and Frasconi (1994)",
    en="Why do deep sigmoid networks stop learning?",
    ko="깊은 시그모이드(sigmoid) 신경망은 왜 학습을 멈추는가?",
)
@dataclass(frozen=True)
class VanishingGradient(Question):
    """‖∂L/∂W_l‖ by layer, the score by depth, and every remedy alone at the greatest depth.

    ``model``: an mlp; all hidden layers take its first width and its activation. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = SIGMOID
    depths: Sequence[Annotated[int, Range(least=1, most=50)]] | None = None  # hidden layers
    optimizer: Spec = DESCENT
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A network learns by sending its error backwards: each layer hears from the layer after it how it should change. At "
            "every layer the message is multiplied by two things, the slope of the activation and the weights. The slope of a "
            "sigmoid is at most 1/4, so each layer passes on a fraction, and a fraction of a fraction soon leaves nothing. The "
            "first layers then keep their random weights, and through random first layers the others hardly see the input.",
            "신경망은 오차를 뒤로 보내며 배운다. 각 층은 다음 층에서 자신이 어떻게 바뀌어야 하는지를 전해 듣는다. 이 소식은 층을 "
            "지날 때마다 두 가지에 곱해진다. 활성화 함수(activation)의 기울기와 가중치다. 시그모이드의 기울기는 최대 1/4이므로 층마다 "
            "일부만 전해지고, 그 일부의 일부가 되풀이되면 곧 아무것도 남지 않는다. 앞쪽 층은 처음의 무작위 가중치에 머물고, 뒤쪽 층은 "
            "무작위인 앞쪽 층을 거쳐 입력을 거의 보지 못한다.",
        ),
        Text(
            "What can mend it keeps every factor near one: weights initialised for their activation, normalisation, which "
            "rescales the signal at each layer, or a skip connection, by which the error goes around the layer. One half of a "
            "factor may not be enough: torch draws the weights of a linear layer with a gain of 1/√3, which by itself shrinks "
            "signal and gradient at every layer, whatever the activation.",
            "해결책은 곱해지는 수를 1에 가깝게 두는 것이다. 활성화 함수에 맞춘 초기화(initialisation), 층마다 신호의 크기를 되돌리는 "
            "정규화(normalisation), 오차가 층을 돌아가는 스킵 연결(skip connection)이 그렇다. 곱해지는 두 가지 가운데 하나만 바꾸면 "
            "모자랄 수 있다. torch는 선형 층의 가중치를 이득(gain) 1/√3로 뽑으므로 활성화 함수가 무엇이든 신호와 기울기가 층마다 "
            "줄어든다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "∂L/∂z_l = σ'(z_l) ⊙ ( W_{l+1}ᵀ · ∂L/∂z_{l+1} ),   σ'(z) = σ(z)(1 − σ(z)) ≤ 1/4\n"
        "‖∂L/∂z_l‖ ≈ 1/4 · gain · ‖∂L/∂z_{l+1}‖,   gain = √(n · Var W)\n"
        "W ~ U(−1/√n, 1/√n):   Var W = 1/(3n),   gain = 1/√3,   1/4 · gain ≈ 0.144",
        "∂L/∂z_l = σ'(z_l) ⊙ ( W_{l+1}ᵀ · ∂L/∂z_{l+1} ),   σ'(z) = σ(z)(1 − σ(z)) ≤ 1/4\n"
        "‖∂L/∂z_l‖ ≈ 1/4 · 이득 · ‖∂L/∂z_{l+1}‖,   이득 = √(n · Var W)\n"
        "W ~ U(−1/√n, 1/√n):   Var W = 1/(3n),   이득 = 1/√3,   1/4 · 이득 ≈ 0.144",
    )
    sources: ClassVar[Sequence[str]] = (
        "Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen (1991)",
        "Bengio, Simard and Frasconi, Learning long-term dependencies with gradient descent is difficult (1994)",
        "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
        "He, Zhang, Ren and Sun, Delving deep into rectifiers (2015); Deep residual learning for image recognition (2015)",
        "Ioffe and Szegedy, Batch normalization (2015)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 2 or self.levels[-1] < 3:
            raise OptionError(_DEPTHS, received=str(list(self.levels)))

    # --- the networks --------------------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The depths compared, from shallow to deep."""
        return tuple(sorted(self.depths or ((1, 3, 10) if self.quick else (1, 2, 3, 5, 10))))

    def at(self, depth: int) -> Spec:
        """The model with so many hidden layers of its first width."""
        return self.model.replace(widths=[widths_of(self.model)[0]] * depth)

    @cached_property
    def deep(self) -> Recipe:
        """The deepest network, whose learning is in question."""
        epochs = self.epochs or (20 if self.quick else 30)
        return recipe(self.data, self.at(self.levels[-1]), optimizer=self.optimizer, epochs=epochs)

    @cached_property
    def remedies(self) -> list[Remedy]:
        """The changes tried, each alone."""
        return remedies(self.deep)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Depth as the factor; then the remedies as the factor, at the greatest depth."""
        seeds = self.seeds or (5 if self.quick else 10)
        depths = [Level(str(depth), self.deep.change(model=self.at(depth))) for depth in self.levels]
        changed = [Level(BROKEN, self.deep), *(Level(one.key, one.change(self.deep)) for one in self.remedies)]
        watching = gradients.AT_START
        by_depths = compare_levels(depths, ["model.widths"], seeds, listen=listen, watching=watching)
        mended = compare_levels(changed, PATHS, seeds, listen=listen, watching=watching)
        start = gradients.at_start(mended)
        return Evidence(
            {"depth": by_depths, "remedies": mended}, {"shrinking": gradients.shrinking(start)}, {"gradient": start}
        )

    def claims(self) -> Sequence[Claim]:
        """The factor of a layer, the depth that does not learn, and one claim for each remedy."""
        shallow, deep = str(self.levels[0]), str(self.levels[-1])
        fill = {"activation": activation_of(self.model), "shallow": shallow, "deep": deep}
        claims = [
            Claim("shrinks", _SHRINKS.fill(**fill), _factor, Range(least=0, below=0.25)),
            Claim(
                "shallow-learns", _LEARNS.fill(**fill), lambda e: above_chance(e.comparisons["depth"], shallow), Range(above=0)
            ),
            Claim(
                "deep-does-not", _STOPS.fill(**fill), lambda e: above_chance(e.comparisons["depth"], deep), Range(below=0.05)
            ),
        ]
        if fill["activation"] == "sigmoid":
            claims.insert(
                1,
                Claim("predicted", _PREDICTED, _factor, Range(least=round(0.9 * PREDICTED, 3), most=round(1.1 * PREDICTED, 3))),
            )
        return claims + [self._claim(one) for one in self.remedies]

    def _claim(self, remedy: Remedy) -> Claim:
        def measure(evidence: Evidence) -> Measured:
            healthy = scores(evidence.comparisons["depth"], str(self.levels[0]))
            return recovered(evidence.comparisons["remedies"], remedy.key, healthy)

        return Claim(remedy.key, remedy.says, measure, Range(least=MENDED), remedy.saying)

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """What is left of the gradient, what the deep network reaches, and what mends it."""
        return join([_VERDICT.fill(**self._found(evidence)), self._mending(judged)])

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one = evidence.comparisons["depth"]
        return {
            "activation": activation_of(self.model), "shallow": self.levels[0], "deep": self.levels[-1],
            "factor": number(_factor(evidence).interval.mean), "left": number(gradients.left(_broken(evidence)), 2),
            "healthy": score(one, str(self.levels[0])).alone, "reached": score(one, str(self.levels[-1])).alone,
            "chance": chance_of(one).alone, "metric": METRICS[one.metric],
        }  # fmt: skip

    def _mending(self, judged: Sequence[Judged]) -> Text:
        """Which remedies work, which do not, which are open."""
        outcomes = {one.claim.key: one.outcome for one in judged}
        sentences = []
        for outcome, template in (("held", _MENDED), ("did not hold", _NOT_MENDED), ("undecided", _OPEN)):
            names = [one.name for one in self.remedies if outcomes[one.key] == outcome]
            if names:
                sentences.append(template.fill(names=join(names, ", ")))
        return join(sentences)

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The gradient by layer, the score by depth, the trial of the remedies."""
        one, start, found = evidence.comparisons["depth"], evidence.traces["gradient"], self._found(evidence)
        names = {BROKEN: _BROKEN.fill(**found), **{remedy.key: remedy.name for remedy in self.remedies}}
        verdicts = {one.claim.key: OUTCOMES_OF_REMEDIES[one.outcome] for one in judged}
        fading, falling, mending = _FADING.fill(**found), _FALLING.fill(**found), self._mending(judged)

        def fade() -> Figure:
            keys = [BROKEN, *(remedy.key for remedy in self.remedies if remedy.moves_start)]
            shown = {str(names[key]): gradients.by_seed(start, key) for key in keys}
            return by_depth(shown, title=fading, quantity=_NORM)

        def fall() -> Figure:
            rows = [(depth, value) for depth in self.levels for value in scores(one, str(depth))]
            frame = pd.DataFrame(rows, columns=["depth", "score"])
            drawn = lines.interval(frame, "depth", "score", title=falling, x_name=_HIDDEN, y_name=METRICS[one.metric])
            return remarks.reference(remarks.ticks(drawn, self.levels), one.chance, CHANCE)

        return [
            Drawn(fading, fade, _READ_FADING),
            Drawn(falling, fall, _READ_FALLING),
            Drawn(mending, lambda: forest(evidence.comparisons["remedies"], names, mending, verdicts), _READ_MENDING),
        ]

    def changes(self) -> Sequence[Change]:
        """Another activation, other depths with more time, another optimizer, other data."""
        return [
            Change(_TANH, "whynet ask vanishing-gradient --model 'mlp(widths=[64], activation=tanh)'"),
            Change(_DEEPER, "whynet ask vanishing-gradient --set 'depths=[1, 2, 3, 4, 5]' --set epochs=100"),
            Change(_ADAM, "whynet ask vanishing-gradient --set 'optimizer=adam(lr=0.01)'"),
            Change(_DATA, "whynet ask vanishing-gradient --data wine --set epochs=300"),
        ]


def _broken(evidence: Evidence) -> pd.DataFrame:
    table = evidence.tables["shrinking"]
    return table[table["level"] == BROKEN]


def _factor(evidence: Evidence) -> Measured:
    return mean_of(_broken(evidence)["factor"].to_numpy(dtype=float), _PER_LAYER)


_PER_LAYER = Text("what one layer passes back of the gradient", "층 하나가 뒤로 전하는 기울기의 비율")
_SHRINKS = Text(
    "At the start each {activation} layer passes back less than a quarter of the gradient.",
    "처음에 {activation} 층 하나는 기울기(gradient)의 4분의 1도 뒤로 전하지 못한다.",
)
_PREDICTED = Text(
    "It is what theory says, 1/4 · 1/√3 = 0.144, within a tenth.",
    "그 비율은 이론이 말하는 1/4 · 1/√3 = 0.144와 10 % 안에서 같다.",
)
_LEARNS = Text("At depth {shallow} it learns.", "은닉층(hidden layer)이 {shallow}개면 학습한다.")
_STOPS = Text(
    "At depth {deep} it stays within 0.05 of chance.",
    "은닉층이 {deep}개면 우연 수준(chance)에서 0.05 이상 벗어나지 못한다.",
)
_VERDICT = Text(
    "At the start one {activation} layer passes back {factor} of the gradient, so {left} of it is left at the first of {deep} "
    "layers. After training, {metric}: {reached} at depth {deep}, {healthy} at depth {shallow}, chance {chance}.",
    "처음에 {activation} 층 하나는 기울기의 {factor}만 뒤로 전하므로, {deep}개 층의 첫 층에는 {left}만 남는다. 학습 뒤 {metric}: "
    "{deep}개 층 {reached}, {shallow}개 층 {healthy}, 우연 수준 {chance}.",
)
_MENDED = Text("Mended by: {names}.", "학습을 되살린 것: {names}.")
_NOT_MENDED = Text("Not mended by: {names}.", "되살리지 못한 것: {names}.")
_OPEN = Text("Undecided: {names}.", "판단 유보: {names}.")
_BROKEN = Text("{deep} {activation} layers, unchanged", "{activation} {deep}층 그대로")
_FADING = Text(
    "At the start the first of {deep} {activation} layers receives {left} of the gradient of the last",
    "처음에 {activation} {deep}개 층의 첫 층이 받는 기울기는 마지막 층의 {left}배다",
)
_FALLING = Text(
    "{metric}: {healthy} at depth {shallow}, {reached} at depth {deep}; chance is {chance}",
    "{metric}: 은닉층 {shallow}개는 {healthy}, {deep}개는 {reached}, 우연 수준은 {chance}",
)
_READ_FADING = Text(
    "The scale is logarithmic: a straight slope is a constant factor at every layer, a flat line a gradient that arrives whole.",
    "세로축은 로그다. 곧은 비탈은 층마다 같은 비율로 줄어든다는 뜻이고, 평평한 선은 기울기가 온전히 도달한다는 뜻이다.",
)
_READ_FALLING = Text("Nothing but the number of hidden layers differs.", "은닉층의 수 말고는 모두 같다.")
_READ_MENDING = Text(
    "Each remedy alone, at the greatest depth, on the same seeds. It counts as mending where it brings back 80 % of what the shallow "
    "network gains over chance.",
    "가장 깊은 신경망에 해결책을 하나씩, 같은 시드에서 써 본다. 얕은 신경망이 우연 수준보다 더 얻는 것의 80 %를 되찾으면 학습을 "
    "되살린 것으로 친다.",
)
_NORM = Text("gradient norm ‖∂L/∂W‖ at the first step", "첫 스텝의 기울기 노름 ‖∂L/∂W‖")
_HIDDEN = Text("hidden layers", "은닉층의 수")
_TANH = Text("A tanh has slope 1 at zero: does the gradient survive?", "tanh의 기울기는 0에서 1이다. 기울기가 살아남는가?")
_DEEPER = Text(
    "More time: which depth still learns in 100 epochs?", "시간을 더 준다: 100 에포크(epoch)면 몇 층까지 학습하는가?"
)
_ADAM = Text(
    "Adam divides the gradient by its own size: is a tiny one enough?",
    "Adam은 기울기를 그 크기로 나눈다. 아주 작은 기울기로도 충분한가?",
)
_DATA = Text("Other data: is it the data or the depth?", "다른 데이터: 데이터 탓인가, 깊이 탓인가?")
_NOT_MLP = Text(
    "vanishing-gradient varies the depth of an mlp. Expected a model such as mlp(widths=[64], activation=sigmoid). "
    "Received: {received}",
    "vanishing-gradient는 mlp의 깊이를 바꾼다. mlp(widths=[64], activation=sigmoid) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "depths: expected at least two different depths, the greatest 3 or more. Received: {received}",
    "depths: 서로 다른 깊이가 둘 이상이고 가장 큰 것이 3 이상이어야 한다. 받은 것: {received}",
)
