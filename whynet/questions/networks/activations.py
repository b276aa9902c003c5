"""Which activation function is best, and does depth change the answer?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mlps import widths_of
from whynet.questions.numbers import CHANCE, METRICS, above_chance, chance_of, difference, gap, leaders, mean_of, score, scores
from whynet.questions.pictures import forest, within
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, register
from whynet.spec import Spec, parse
from whynet.text import Text, join, plain

RACERS = {  # each with the initial weights made for it, or those of its nearest kin
    "sigmoid": ("sigmoid", "xavier"), "tanh": ("tanh", "xavier"), "relu": ("relu", "he"), "leaky": ("leaky_relu", "he"),
    "prelu": ("prelu", "he"), "elu": ("elu", "he"), "sine": ("sine(omega0=1.0)", "he"),
}  # fmt: skip
NAMES = {
    "sigmoid": Text("sigmoid", "시그모이드"), "tanh": plain("tanh"), "relu": plain("ReLU"), "leaky": plain("Leaky ReLU"),
    "prelu": plain("PReLU"), "elu": plain("ELU"), "sine": Text("sine", "사인"),
}  # fmt: skip
WAVE = "sine(n=400, waves=8.0, noise=0.0)"
EQUAL = 0.05


@register(
    "question",
    name="activations",
    place=50,
    year=2010,
    source="Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks",
    en="Which activation function is best, and does depth change the answer?",
    ko="어떤 활성화 함수(activation)가 가장 좋은가? 깊이에 따라 답이 달라지는가?",
)
@dataclass(frozen=True)
class Activations(Question):
    """Seven activations at every depth, each with its own initial weights; and two of them on a fast wave.

    ``model``: an mlp, whose first width all hidden layers take. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = Spec("mlp", {"widths": [32]})  # noqa: RUF009  a spec is frozen
    depths: Sequence[Annotated[int, Range(least=1, most=50)]] | None = None
    init: Spec | None = None  # None: each activation its own
    optimizer: Spec = Spec("sgd", {"lr": 0.1})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "What an activation is worth is decided by its slope. A sigmoid's is at most 1/4 and its outputs are all positive, so with "
            "depth the gradient fades and the layers pull the same way. Tanh has slope 1 at zero and is centred. ReLU has slope "
            "1 wherever it is on and 0 where it is off; a unit that is off for every example gets no gradient and stays off. "
            "Leaky ReLU, PReLU and ELU leave some slope there.",
            "활성화 함수(activation)의 값어치는 기울기가 정한다. 시그모이드(sigmoid)는 기울기가 최대 1/4이고 출력이 모두 "
            "양수여서, 깊어질수록 기울기가 사라지고 층들이 한쪽으로 끌린다. tanh는 0에서 기울기가 1이고 중심이 0이다. ReLU는 "
            "켜진 곳에서 기울기가 1이고 꺼진 곳에서 0이다. 모든 예제에서 꺼진 유닛은 기울기를 받지 못하므로 계속 꺼져 있다. "
            "Leaky ReLU, PReLU, ELU는 그곳에도 기울기를 조금 남긴다.",
        ),
        Text(
            "With one hidden layer there is little to multiply, so little to choose between them. What the data ask for may "
            "matter more: a sine as activation oscillates by itself, so it follows fast waves that the others hardly see.",
            "은닉층이 하나면 곱해지는 것이 거의 없으므로 차이도 작다. 데이터가 무엇을 요구하는지가 더 중요할 수 있다. 사인(sine) "
            "활성화는 스스로 진동하므로, 다른 함수가 거의 보지 못하는 빠른 물결을 따라간다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "sigmoid σ(z) = 1/(1 + e⁻ᶻ),  σ' ≤ 1/4        tanh' = 1 − tanh² ≤ 1\n"
        "ReLU max(0, z)      Leaky max(0, z) + 0.01 min(0, z)      PReLU max(0, z) + a min(0, z), a learned\n"
        "ELU z where z > 0, else eᶻ − 1                sine sin(ω₀ z)",
        "sigmoid σ(z) = 1/(1 + e⁻ᶻ),  σ' ≤ 1/4        tanh' = 1 − tanh² ≤ 1\n"
        "ReLU max(0, z)      Leaky max(0, z) + 0.01 min(0, z)      PReLU max(0, z) + a min(0, z), a는 배운다\n"
        "ELU z > 0이면 z, 아니면 eᶻ − 1                sine sin(ω₀ z)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines (2010)",
        "Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models (2013)",
        "He, Zhang, Ren and Sun, Delving deep into rectifiers (2015); Clevert, Unterthiner and Hochreiter, ELUs (2015)",
        "Sitzmann et al., Implicit neural representations with periodic activation functions (2020)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        if not widths_of(self.model):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.levels)) < 2:
            raise OptionError(_DEPTHS, received=str(list(self.levels)))

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The depths compared, from shallow to deep."""
        return tuple(sorted(self.depths or ((1, 10) if self.quick else (1, 3, 5, 10))))

    @cached_property
    def base(self) -> Recipe:
        """The recipe that every network is a change of."""
        return recipe(self.data, self.model, optimizer=self.optimizer, epochs=self.epochs or (15 if self.quick else 30))

    def at(self, racer: str, depth: int) -> Level:
        """One activation at one depth."""
        activation, init = RACERS[racer]
        model = self.model.replace(widths=[widths_of(self.model)[0]] * depth, activation=parse(activation))
        return Level(key(racer, depth), self.base.change(model=model, init=self.init or init))

    def measure(self, listen: Listen) -> Evidence:
        """Activation and depth as the factor; ReLU and sine on the wave; the units that are silent for good."""
        seeds = self.seeds or (5 if self.quick else 10)
        levels = [self.at(racer, depth) for depth in self.levels for racer in RACERS]
        depth = compare_levels(levels, ["model", "init"], seeds, listen=listen, baseline=key("relu", self.levels[-1]))
        wavy = recipe(WAVE, "mlp(widths=[64])", optimizer="adam(lr=0.01)", epochs=60)
        changed = [Level(one, wavy.change(model=f"mlp(widths=[64], activation={one})")) for one in ("relu", "sine")]
        wave = compare_levels(changed, ["model"], seeds, listen=listen)
        rows = []
        for one in self.levels:
            for seed, fitted in enumerate(depth.arms[key("relu", one)]):
                network, x = fitted.arm.network, fitted.dataset.train.x
                before = silent(network.load(network.initial, network.buffers), x)
                rows.append((one, seed, before, silent(fitted.module, x)))
        return Evidence(
            {"depth": depth, "wave": wave}, {"silent": pd.DataFrame(rows, columns=["depth", "seed", "before", "after"])}
        )

    def claims(self) -> Sequence[Claim]:
        """Sigmoid and depth; what is said of ReLU and its kin; silent units; the wave."""
        low, top = self.levels[0], self.levels[-1]
        fill = {"low": low, "top": top}

        def apart(racer: str, other: str, depth: int) -> Callable[[Evidence], Measured]:
            return lambda e: difference(e.comparisons["depth"], key(racer, depth), key(other, depth))

        return [
            Claim(
                "sigmoid-deep",
                _SIGMOID.fill(**fill),
                lambda e: above_chance(e.comparisons["depth"], key("sigmoid", top)),
                Range(below=EQUAL),
            ),
            Claim(
                "shallow-equal", _SHALLOW.fill(**fill), lambda e: _spread(e.comparisons["depth"], low), Range(most=EQUAL), True
            ),
            Claim("relu-best", _RELU.fill(**fill), apart("relu", "tanh", top), Range(above=0), saying=True),
            Claim("leaky-better", _LEAKY.fill(**fill), apart("leaky", "relu", top), Range(above=0), saying=True),
            Claim("prelu-better", _PRELU.fill(**fill), apart("prelu", "relu", top), Range(above=0), saying=True),
            Claim("dying", _DYING.fill(**fill), lambda e: _died(e, low), Range(above=0), saying=True),
            Claim("wave", _WAVY, lambda e: difference(e.comparisons["wave"], "sine", "relu"), Range(above=0)),
        ]

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Who leads at the least and at the greatest depth, and on the wave."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        one, wave = evidence.comparisons["depth"], evidence.comparisons["wave"]
        low, top = self.levels[0], self.levels[-1]

        def led(depth: int) -> Text:
            return join([NAMES[racer] for racer in leaders({racer: scores(one, key(racer, depth)) for racer in RACERS})], ", ")

        def reached(depth: int) -> Text:
            return join([_PAIR.fill(name=NAMES[racer], value=score(one, key(racer, depth)).alone) for racer in RACERS], ", ")

        table = evidence.tables["silent"]
        quiet = table[table["depth"] == low]
        return {
            "low": low, "top": top, "shallow": led(low), "deep": led(top), "reached": reached(top), "metric": METRICS[one.metric],
            "chance": chance_of(one).alone, "relu": score(wave, "relu").alone, "sine": score(wave, "sine").alone,
            "before": f"{100 * quiet['before'].mean():.1f} %", "after": f"{100 * quiet['after'].mean():.1f} %",
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The trial at the greatest depth, the score by depth, the silent units, the wave."""
        one, wave, found = evidence.comparisons["depth"], evidence.comparisons["wave"], self._found(evidence)
        trial, falling, quiet, waves = (text.fill(**found) for text in (_TRIAL, _FALLING, _QUIET, _WAVES))

        def by_depth() -> Figure:
            rows = [
                (depth, str(NAMES[racer]), value)
                for racer in RACERS for depth in self.levels for value in scores(one, key(racer, depth))
            ]  # fmt: skip
            frame = pd.DataFrame(rows, columns=["depth", "name", "score"])
            drawn = lines.interval(
                frame, "depth", "score", by="name", title=falling, x_name=_HIDDEN, y_name=METRICS[one.metric]
            )
            within(drawn, one)
            return remarks.reference(remarks.ticks(drawn, self.levels), one.chance, CHANCE)

        def silence() -> Figure:
            table = evidence.tables["silent"].melt(id_vars=["depth", "seed"], var_name="when", value_name="share")
            table = table.assign(
                when=table["when"].map({"before": str(_BEFORE), "after": str(_AFTER)}), share=100 * table["share"]
            )
            drawn = lines.interval(table, "depth", "share", by="when", title=quiet, x_name=_HIDDEN, y_name=_SHARE)
            return remarks.ticks(drawn, self.levels)

        top = {key(racer, self.levels[-1]): NAMES[racer] for racer in RACERS}
        return [
            Drawn(trial, lambda: forest(only(one, list(top)), top, trial), _READ_TRIAL),
            Drawn(falling, by_depth, _READ_DEPTH),
            Drawn(quiet, silence, _READ_QUIET),
            Drawn(waves, lambda: forest(wave, NAMES, waves), _READ_WAVE),
        ]

    def changes(self) -> Sequence[Change]:
        """One initialisation for all, another optimizer, normalisation, other data."""
        return [
            Change(_TRY_INIT, "whynet ask activations --set init=default"),
            Change(_TRY_ADAM, "whynet ask activations --set 'optimizer=adam(lr=0.003)'"),
            Change(_TRY_NORM, "whynet ask activations --model 'mlp(widths=[32], norm=batch)'"),
            Change(_TRY_SPIRALS, "whynet ask activations --data spirals --set epochs=100"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def key(racer: str, depth: int) -> str:
    """The name of a level: ``relu 10``."""
    return f"{racer} {depth}"


def only(one: Comparison, names: Sequence[str]) -> Comparison:
    """The comparison with these of its levels alone."""
    return replace(
        one, levels=[level for level in one.levels if level.name in names], arms={name: one.arms[name] for name in names}
    )


def silent(module: nn.Module, x: Tensor) -> float:
    """The share of ReLUs that are off for every one of the examples, in evaluation mode."""
    found: list[Tensor] = []
    handles = [
        part.register_forward_hook(lambda _, __, output: found.append((output <= 0).flatten(1).all(dim=0)))
        for part in module.modules()
        if isinstance(part, nn.ReLU)
    ]
    with torch.no_grad():
        module.eval()(x)
    for handle in handles:
        handle.remove()
    return float(torch.cat(found).float().mean()) if found else 0.0


def _spread(one: Comparison, depth: int) -> Measured:
    """The best activation less the worst, seed by seed."""
    table = np.array([scores(one, key(racer, depth)) for racer in RACERS])  # (racers, seeds)
    best, worst = table.mean(axis=1).argmax(), table.mean(axis=1).argmin()
    return mean_of(table[best] - table[worst], _BEST_WORST.fill(metric=METRICS[one.metric]), gap(one))


def _died(evidence: Evidence, depth: int) -> Measured:
    table = evidence.tables["silent"]
    table = table[table["depth"] == depth]
    return mean_of((table["after"] - table["before"]).to_numpy(dtype=float), _MORE_SILENT, "points")


_BEST_WORST = Text("best activation less worst, {metric}", "가장 좋은 활성화와 가장 나쁜 활성화의 차이, {metric}")
_MORE_SILENT = Text("change in the share of silent units, same seeds", "꺼진 유닛 비율의 변화, 같은 시드끼리")
_SIGMOID = Text(
    "At depth {top} sigmoid stays within 0.05 of chance.",
    "깊이 {top}에서 시그모이드는 우연 수준(chance)에서 0.05 이상 벗어나지 못한다.",
)
_SHALLOW = Text(
    "At depth {low} the choice hardly matters: best and worst are within 0.05.",
    "깊이 {low}에서는 무엇을 고르든 거의 같다. 가장 좋은 것과 나쁜 것의 차이가 0.05 이내다.",
)
_RELU = Text(
    "ReLU is the best choice: at depth {top} it beats tanh.", "ReLU가 가장 좋은 선택이다. 깊이 {top}에서 tanh를 이긴다."
)
_LEAKY = Text(
    "Leaky ReLU, whose units cannot die, beats ReLU at depth {top}.",
    "유닛이 죽지 않는 Leaky ReLU가 깊이 {top}에서 ReLU를 이긴다.",
)
_PRELU = Text(
    "PReLU, which learns its slope, beats ReLU at depth {top}.", "기울기를 배우는 PReLU가 깊이 {top}에서 ReLU를 이긴다."
)
_DYING = Text(
    "ReLU units die in training: at depth {low} more are silent for every example than before.",
    "ReLU 유닛은 학습하면서 죽는다. 깊이 {low}에서 모든 예제에 꺼진 유닛이 학습 전보다 많다.",
)
_WAVY = Text("On eight fast waves a sine as activation beats ReLU.", "빠른 물결 여덟 개에서는 사인 활성화가 ReLU를 이긴다.")
_VERDICT = Text(
    "Best at depth {low}: {shallow}. Best at depth {top}: {deep} ({metric}; those named together could not be told apart): {reached}; "
    "chance {chance}. On eight fast waves sine reaches {sine} and ReLU {relu} (r²). Of ReLU units {before} are silent before training "
    "and {after} after it, at depth {low}.",
    "깊이 {low}에서 가장 좋은 것: {shallow}. 깊이 {top}에서 가장 좋은 것: {deep}({metric}, 함께 적힌 것은 차이가 드러나지 "
    "않았다). {reached}, 우연 수준 {chance}. 빠른 물결 여덟 개에서 사인은 {sine}, ReLU는 {relu}에 이른다(결정계수 r²). 깊이 "
    "{low}에서 꺼진 ReLU 유닛은 학습 전 {before}, 학습 뒤 {after:이다}.",
)
_PAIR = Text("{name} {value}", "{name} {value}")
_TRIAL = Text("At depth {top} the best are: {deep}", "깊이 {top}에서 가장 좋은 것: {deep}")
_FALLING = Text(
    "Best at depth {low}: {shallow}; at depth {top}: {deep}", "가장 좋은 것, 깊이 {low}: {shallow}, 깊이 {top}: {deep}"
)
_QUIET = Text(
    "At depth {low}, {before} of the ReLU units are silent before training and {after} after it",
    "깊이 {low}에서 꺼진 ReLU 유닛은 학습 전 {before}, 학습 뒤 {after:이다}",
)
_WAVES = Text(
    "On eight fast waves sine reaches r² = {sine}, ReLU {relu}", "빠른 물결 여덟 개에서 결정계수(r²): 사인 {sine}, ReLU {relu}"
)
_HIDDEN = Text("hidden layers", "은닉층의 수")
_BEFORE, _AFTER = Text("before training", "학습 전"), Text("after training", "학습 뒤")
_SHARE = Text("ReLUs off for every training example, in %", "모든 학습 예제에서 꺼진 ReLU의 비율(%)")
_READ_TRIAL = Text(
    "Each with the initial weights made for it, compared with ReLU on the same seeds; all with one learning rate.",
    "저마다 자신에게 맞춘 초기 가중치로, 같은 시드에서 ReLU와 비교한다. 학습률(learning rate)은 모두 같다.",
)
_READ_DEPTH = Text(
    "Nothing but activation, initial weights and depth differs.", "활성화 함수, 초기 가중치, 깊이 말고는 모두 같다."
)
_READ_QUIET = Text(
    "A unit that no example switches on gets no gradient.", "어떤 예제로도 켜지지 않는 유닛은 기울기를 받지 못한다."
)
_READ_WAVE = Text(
    "One hidden layer of 64 units, the same for both; the sine oscillates 30 times as fast as its input.",
    "유닛 64개인 은닉층 하나로 조건은 같다. 사인은 입력보다 30배 빠르게 진동한다.",
)
_TRY_INIT = Text("Torch's own initial weights for all: who suffers?", "모두 torch의 기본 초기화로: 누가 손해를 보는가?")
_TRY_ADAM = Text("Adam: does the order stay?", "Adam: 순서가 그대로인가?")
_TRY_NORM = Text(
    "Batch normalisation: does the choice still matter?", "배치 정규화(batch normalisation): 그래도 선택이 중요한가?"
)
_TRY_SPIRALS = Text("Two spirals: who bends best?", "두 나선: 누가 가장 잘 휘는가?")
_NOT_MLP = Text(
    "activations varies the depth of an mlp. Expected a model such as mlp(widths=[32]). Received: {received}",
    "activations는 mlp의 깊이를 바꾼다. mlp(widths=[32]) 같은 모델이어야 한다. 받은 것: {received}",
)
_DEPTHS = Text(
    "depths: expected at least two different depths. Received: {received}",
    "depths: 서로 다른 깊이가 둘 이상이어야 한다. 받은 것: {received}",
)
