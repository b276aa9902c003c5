"""Why are classes not learned with the squared error?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import lines
from whynet.losses.binary_cross_entropy import BinaryCrossEntropy
from whynet.losses.mse import MSE
from whynet.questions.claim import Claim, Judged, exactly
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, difference, score
from whynet.questions.pictures import forest
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join

NETWORK = Spec("mlp", {"widths": [64]})
SURE = Spec("normal", {"std": 3.0})  # weights so large that nearly every first answer is sure, and most of them wrong
MISTAKE = -6.0  # a logit that says 0.2 % where the answer is yes
SHARE = 0.3  # of yes among equal examples
LOSSES: Mapping[str, Text] = {
    "likelihood": Text("cross-entropy", "교차 엔트로피"),
    "sigmoid": Text("sigmoid + squared error", "시그모이드 + 제곱 오차"),
    "linear": Text("squared error alone", "제곱 오차만"),
}
OF_LOGIT: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {  # (B, 1) logits, (B,) labels
    "likelihood": BinaryCrossEntropy(),
    "sigmoid": lambda z, y: MSE()(torch.sigmoid(z), y),
    "linear": MSE(),
}


@register(
    "question",
    name="mse-or-likelihood",
    place=50,
    year=1988,
    source="Solla, Levin and Fleisher, Accelerated learning in layered neural networks",
    en="Why are classes learned with cross-entropy and not with the squared error?",
    ko="분류(classification)는 왜 제곱 오차가 아니라 교차 엔트로피(cross-entropy)로 배우는가?",
)
@dataclass(frozen=True)
class MSEOrLikelihood(Question):
    """∂L/∂z and ∂²L/∂z² by logit, and the score of three losses at their best rates, from a usual start and from a sure one.

    ``model``: an mlp without an output activation; the question adds it. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = NETWORK
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A loss is a belief about noise. Whoever believes in bell-shaped noise around a value and asks which weights make the data "
            "most likely arrives at the squared error; whoever believes in a coin with probability p arrives at cross-entropy. For "
            "classes the coin is the right belief.",
            "손실 함수는 잡음에 대한 믿음이다. 값 둘레의 잡음이 종 모양이라고 믿고 데이터를 가장 그럴듯하게 만드는 가중치를 찾으면 제곱 "
            "오차(squared error)에 이르고, 확률 p인 동전이라고 믿으면 교차 엔트로피에 이른다. 분류에는 동전이 맞는 믿음이다.",
        ),
        Text(
            "The difference is felt in the gradient. Behind a sigmoid, cross-entropy pulls with p − y: the more wrong, the harder. The "
            "squared error pulls with 2(p − y) p(1 − p), and p(1 − p) vanishes where the answer is sure, right or wrong. A network "
            "that is sure and wrong hears nothing. It is not that the squared error has the wrong minimum: its best answer is the "
            "true probability too. The way there is the trouble, and without the sigmoid the factor p(1 − p) is gone.",
            "차이는 기울기(gradient)에서 드러난다. 시그모이드(sigmoid) 뒤에서 교차 엔트로피는 p − y로 당긴다. 틀릴수록 세게 당긴다. 제곱 "
            "오차는 2(p − y) p(1 − p)로 당기는데, p(1 − p)는 답을 확신하는 곳에서 맞든 틀리든 0에 가깝다. 확신하면서 틀린 신경망은 "
            "아무것도 듣지 못한다. 제곱 오차의 최솟값이 잘못된 곳에 있는 것은 아니다. 제곱 오차의 가장 좋은 답도 참된 확률이다. 거기까지 "
            "가는 길이 문제이고, 시그모이드가 없으면 p(1 − p)도 사라진다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "likelihood of a coin: Π p^y (1 − p)^(1 − y)  →  L = −y ln p − (1 − y) ln(1 − p),   ∂L/∂z = p − y\n"
        "likelihood of a bell: Π exp(−(y − f)²/2σ²)  →  L = (f − y)²\n"
        "f = p = σ(z):   ∂L/∂z = 2 (p − y) p (1 − p),   ratio 2 p (1 − p) ≤ 1/2",
        "동전의 가능도:    Π p^y (1 − p)^(1 − y)  →  L = −y ln p − (1 − y) ln(1 − p),   ∂L/∂z = p − y\n"
        "종 모양의 가능도: Π exp(−(y − f)²/2σ²)  →  L = (f − y)²\n"
        "f = p = σ(z):   ∂L/∂z = 2 (p − y) p (1 − p),   비 2 p (1 − p) ≤ 1/2",
    )
    sources: ClassVar[Sequence[str]] = (
        "Solla, Levin and Fleisher, Accelerated learning in layered neural networks (1988)",
        "Brier, Verification of forecasts expressed in terms of probability (1950)",
        "Golik, Doetsch and Ney, Cross-entropy vs. squared error training: a theoretical and experimental comparison (2013)",
        "Hui and Belkin, Evaluation of neural architectures trained with square loss vs cross-entropy in classification tasks (2021)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if self.model.name != "mlp" or canonical("model", self.model).options.get("output_activation") is not None:
            raise OptionError(_NOT_MLP, received=str(self.model))

    # --- the experiment ------------------------------------------------------------------------------------------

    @cached_property
    def networks(self) -> dict[str, dict[str, Recipe]]:
        """The three losses from a usual start, and, as a linear network, from a sure one."""
        epochs = self.epochs or (8 if self.quick else 20)
        found = {}
        for start, model, init in (("usual", self.model, None), ("sure", self.model.replace(widths=[]), SURE)):
            base = recipe(self.data, model, "cross_entropy", optimizer="sgd", epochs=epochs, init=init)
            squashed = model.replace(output_activation="sigmoid")
            found[start] = {
                "likelihood": base,
                "sigmoid": base.change(loss="mse", model=squashed),
                "linear": base.change(loss="mse"),
            }
        return found

    def measure(self, listen: Listen) -> Evidence:
        """Loss and model's last activation as the factor, each level at its best rate; gradients by automatic differentiation."""
        seeds = self.seeds or (5 if self.quick else 10)
        comparisons = {
            start: compare_levels(
                [Level(name, one) for name, one in losses.items()], ["loss", "model.output_activation"], seeds,
                tune_rates=True, listen=listen,
            )
            for start, losses in self.networks.items()
        }  # fmt: skip
        return Evidence(
            comparisons, {"pull": pulls(np.array([MISTAKE, 0.0, -MISTAKE]))}, {"pull": pulls(np.linspace(-8, 8, 161))}
        )

    def claims(self) -> Sequence[Claim]:
        """The pull of a sure mistake, the shape, the best answer; then who learns better, from where."""
        above = Range(above=0)
        return [
            Claim("pull-dies", _DIES.fill(z=_written(MISTAKE)), lambda e: exactly(_ratio(e), _RATIO), Range(below=0.01)),
            Claim(
                "not-convex", _BENDS, lambda e: exactly(float(e.traces["pull"]["sigmoid_bend"].min()), _BEND), Range(below=0)
            ),
            Claim(
                "only-probability",
                _ONLY,
                lambda e: exactly(round(abs(best_constant("sigmoid") - SHARE), 9), _AWAY),
                Range(above=0.01),
                saying=True,
            ),
            Claim(
                "usual-start", _USUAL, lambda e: difference(e.comparisons["usual"], "likelihood", "sigmoid"), above, saying=True
            ),
            Claim(
                "sure-start", _FROM_SURE, lambda e: difference(e.comparisons["sure"], "likelihood", "sigmoid"), Range(above=0.1)
            ),
            Claim(
                "never-squared",
                _NEVER,
                lambda e: difference(e.comparisons["usual"], "likelihood", "linear"),
                above,
                saying=True,
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The scores from both starts, and the pull of a sure mistake."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, Any]:
        """The numbers that verdict and titles speak of."""
        one, row = evidence.comparisons["usual"], evidence.tables["pull"].iloc[0]
        return {
            "metric": METRICS[one.metric], "z": _written(MISTAKE), "epochs": self.networks["usual"]["likelihood"].epochs,
            **{start: _listed(found) for start, found in evidence.comparisons.items()},
            **{f"pull_{name}": number(abs(float(row[name])), 2) for name in LOSSES},
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The pull by logit, both trials, the learning from the sure start."""
        found = self._found(evidence)
        pull, usual, sure, learning = (text.fill(**found) for text in (_PULL, _TRIAL_USUAL, _TRIAL_SURE, _LEARNING))

        def by_logit() -> Figure:
            table = evidence.traces["pull"].rename(columns={name: str(said) for name, said in LOSSES.items()})
            shown = [str(LOSSES[name]) for name in ("likelihood", "sigmoid")]
            return lines.trend(table, "z", shown, title=pull, x_name=_LOGIT, y_name=_GRADIENT)

        def trial(start: str, title: Text) -> Callable[[], Figure]:
            return lambda: forest(evidence.comparisons[start], LOSSES, title)

        one = evidence.comparisons["sure"]
        runs = {name: [arm.history for arm in arms] for name, arms in one.arms.items()}
        return [
            Drawn(pull, by_logit, _READ_PULL),
            Drawn(usual, trial("usual", usual), _READ_TRIAL),
            Drawn(sure, trial("sure", sure), _READ_SURE),
            Drawn(
                learning,
                lambda: curves(
                    {str(LOSSES[name]): run for name, run in runs.items()}, title=learning, y=_VALIDATION, chance=one.chance
                ),
                _READ_LEARNING,
            ),
        ]

    def changes(self) -> Sequence[Change]:
        """More time, a deeper network, two classes, harder pictures."""
        return [
            Change(_TRY_LONGER, "whynet ask mse-or-likelihood --set epochs=100"),
            Change(_TRY_DEEP, "whynet ask mse-or-likelihood --model 'mlp(widths=[64, 64, 64])'"),
            Change(_TRY_TWO, "whynet ask mse-or-likelihood --data breast_cancer"),
            Change(_TRY_NOISE, "whynet ask mse-or-likelihood --data 'moons(noise=0.4)'"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def pulls(logits: np.ndarray) -> pd.DataFrame:
    """∂L/∂z of a yes at each logit, a column for each loss, and ∂²L/∂z² in columns named …_bend; by automatic differentiation."""
    columns = {"z": logits}
    for name, loss in OF_LOGIT.items():
        z = torch.from_numpy(logits).double().requires_grad_()
        values = torch.stack([loss(one.reshape(1, 1), torch.ones(1, dtype=torch.long)) for one in z])
        (slope,) = torch.autograd.grad(values.sum(), z, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), z)
        columns |= {name: slope.detach().numpy(), f"{name}_bend": bend.numpy()}
    return pd.DataFrame(columns)


def best_constant(name: str, share: float = SHARE) -> float:
    """The probability σ(z) with the least mean loss on examples of which this share is yes; over a fine list of z."""
    z = torch.logit(torch.linspace(0.001, 0.999, 999, dtype=torch.float64))
    yes, no = torch.ones(1, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    loss = OF_LOGIT[name]
    means = [share * float(loss(one.reshape(1, 1), yes)) + (1 - share) * float(loss(one.reshape(1, 1), no)) for one in z]
    return float(torch.sigmoid(z[int(np.argmin(means))]))


def _ratio(evidence: Evidence) -> float:
    row = evidence.tables["pull"].iloc[0]
    return float(row["sigmoid"] / row["likelihood"])


def _listed(one: Comparison) -> Text:
    return join([_PAIR.fill(name=LOSSES[name], value=score(one, name).alone) for name in LOSSES], ", ")


def _written(value: float) -> str:
    return f"{value:g}".replace("-", "−")


_PAIR = Text("{name} {value}", "{name} {value}")
_NOT_MLP = Text(
    "mse-or-likelihood puts an activation on the outputs of an mlp itself. Expected a model such as mlp(widths=[64]). Received: {received}",
    "mse-or-likelihood는 mlp의 출력에 활성화 함수를 스스로 붙인다. mlp(widths=[64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_RATIO = Text("gradient of the squared error over that of cross-entropy", "기울기의 비, 제곱 오차 ÷ 교차 엔트로피")
_BEND = Text("least second derivative by the logit, between −8 and 8", "로짓(logit)에 대한 이계 도함수의 최솟값, −8에서 8까지")
_AWAY = Text("distance from the true probability 0.3", "참된 확률 0.3까지의 거리")
_DIES = Text(
    "At a logit of {z} where the answer is yes, the squared error behind a sigmoid pulls less than a hundredth as hard as cross-entropy.",
    "답이 ‘예’인데 로짓(logit)이 {z}이면, 시그모이드 뒤의 제곱 오차가 당기는 힘은 교차 엔트로피의 100분의 1도 안 된다.",
)
_BENDS = Text(
    "Behind a sigmoid the squared error is not convex: somewhere it bends downwards.",
    "시그모이드 뒤의 제곱 오차는 볼록(convex)하지 않다. 아래로 굽는 곳이 있다.",
)
_ONLY = Text(
    "Only cross-entropy has the true probability as its best answer: that of the squared error is elsewhere.",
    "교차 엔트로피만 참된 확률을 가장 좋은 답으로 삼는다. 제곱 오차의 가장 좋은 답은 다른 곳에 있다.",
)
_USUAL = Text(
    "From a usual start cross-entropy is better than the squared error behind a sigmoid, each at its best rate.",
    "보통의 시작에서, 저마다 가장 좋은 학습률(learning rate)을 쓸 때 교차 엔트로피가 시그모이드 뒤의 제곱 오차보다 낫다.",
)
_FROM_SURE = Text(
    "From a start that is sure and mostly wrong, cross-entropy is more than 0.1 ahead.",
    "확신하면서 대개 틀린 시작에서는 교차 엔트로피가 0.1 넘게 앞선다.",
)
_NEVER = Text(
    "The squared error is never right for classes: also without the sigmoid it is behind cross-entropy.",
    "분류에 제곱 오차는 언제나 틀린 선택이다. 시그모이드가 없어도 교차 엔트로피보다 뒤진다.",
)
_VERDICT = Text(
    "{metric} after {epochs} epochs, each loss at its best rate: {usual}. From a sure start: {sure}. At a logit of {z} and the answer yes, "
    "cross-entropy pulls with {pull_likelihood}, the squared error behind a sigmoid with {pull_sigmoid}.",
    "{epochs} 에포크(epoch) 뒤 저마다 가장 좋은 학습률에서의 {metric}: {usual}. 확신하는 시작에서는 {sure}. 답이 ‘예’이고 로짓이 {z}일 때 "
    "교차 엔트로피는 {pull_likelihood}, 시그모이드 뒤의 제곱 오차는 {pull_sigmoid}의 힘으로 당긴다.",
)
_PULL = Text(
    "At a logit of {z} and the answer yes, cross-entropy pulls with {pull_likelihood}, the squared error with {pull_sigmoid}",
    "답이 ‘예’, 로짓이 {z}일 때 당기는 힘: 교차 엔트로피 {pull_likelihood}, 제곱 오차 {pull_sigmoid}",
)
_TRIAL_USUAL = Text("{metric} from a usual start: {usual}", "보통의 시작에서 {metric}: {usual}")
_TRIAL_SURE = Text("{metric} from a sure start: {sure}", "확신하는 시작에서 {metric}: {sure}")
_LEARNING = Text("From a sure start, after {epochs} epochs: {sure}", "확신하는 시작에서 {epochs} 에포크 뒤: {sure}")
_READ_PULL = Text(
    "The answer is yes, so the far left is a sure mistake. Where a line touches zero there, the mistake teaches nothing.",
    "답이 ‘예’이므로 왼쪽 끝이 확신하는 실수다. 거기서 선이 0에 닿으면 그 실수에서 아무것도 배우지 못한다.",
)
_READ_TRIAL = Text(
    "The same networks from the same weights, each loss at the best of the same ten learning rates.",
    "같은 신경망, 같은 처음 가중치에서 손실마다 같은 학습률 열 개 가운데 가장 좋은 것을 썼다.",
)
_READ_SURE = Text(
    "A linear network whose weights start very large (standard deviation 3), so that nearly every first answer is sure.",
    "가중치가 아주 크게(표준편차 3) 시작하는 선형 신경망이다. 그래서 처음의 답이 거의 모두 확신에 차 있다.",
)
_READ_LEARNING = Text(
    "Validation score while learning from the sure start; the dotted line is what ignoring the input reaches.",
    "확신하는 시작에서 배우는 동안의 검증 성적이다. 점선은 입력을 보지 않고 얻는 성적이다.",
)
_LOGIT = Text("logit z of the right answer", "정답의 로짓 z")
_GRADIENT = Text("pull on the logit, ∂L/∂z", "로짓을 당기는 힘 ∂L/∂z")
_VALIDATION = Text("validation accuracy", "검증 정확도(accuracy)")
_TRY_LONGER = Text("More time: does the squared error catch up?", "시간을 더 준다: 제곱 오차가 따라잡는가?")
_TRY_DEEP = Text("A deeper network: does the gap grow?", "더 깊은 신경망: 차이가 커지는가?")
_TRY_TWO = Text("Two classes: is there still a gap?", "클래스가 둘: 그래도 차이가 있는가?")
_TRY_NOISE = Text("Overlapping classes: which loss minds?", "겹치는 클래스: 어느 손실이 더 힘들어하는가?")
