"""Where should the weights begin?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import pandas as pd
from matplotlib.figure import Figure

from whynet.engine.arm import prepare
from whynet.engine.train import Watching
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures import by_depth
from whynet.figures.canvas import number
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import METRICS, above_chance, difference, leaders, mean_of, scores
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.questions.signals import factor, sizes
from whynet.questions.training.charts import against_chance
from whynet.recipe import Recipe, recipe, with_seed
from whynet.registry import Range, register
from whynet.spec import Spec
from whynet.text import Text, join, plain

DESCENT = Spec("sgd", {"lr": 0.1})
STARTS: Mapping[str, Spec] = {
    "zeros": Spec("zeros"),
    "small": Spec("normal", {"std": 0.01}),
    "torch": Spec("default"),
    "xavier": Spec("xavier"),
    "he": Spec("he"),
}
NAMES: Mapping[str, Text] = {
    "zeros": Text("zeros", "영(0)"),
    "small": plain("N(0, 0.01²)"),
    "torch": Text("torch's own", "torch 기본"),
    "xavier": plain("Xavier"),
    "he": plain("He"),
}
ACTIVATIONS = ("relu", "tanh")
HALVED = math.sqrt(1 / 2)  # what ReLU leaves of a signal whose weights do not make up for it


@register(
    "question",
    name="initialisation",
    place=30,
    year=2010,
    source="Glorot and Bengio (2010); He, Zhang, Ren and Sun (2015)",
    en="Where should the weights begin, and does it matter?",
    ko="가중치는 어디서 시작해야 하며, 그것이 정말 중요한가?",
)
@dataclass(frozen=True)
class Initialisation(Question):
    """√mean(h²) by layer at the start, and the score, of each initialisation: ReLU and tanh, one hidden layer and many."""

    data: str | Spec = "digits"
    width: Annotated[int, Range(least=2)] = 64
    depth: Annotated[int, Range(least=3, most=50)] = 10  # hidden layers of the deep networks
    optimizer: Spec = DESCENT
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "If all weights are zero, all units of a layer compute the same, hear the same and change alike: they stay one unit for "
            "ever. With ReLU or tanh it is worse: their output at zero is zero, so the layers above see nothing and send nothing back. "
            "Random weights break the symmetry. How large they should be depends on the width: a unit adds up n inputs, so its "
            "variance is n · Var W times theirs. A little too small, and every layer shrinks the signal, a factor that multiplies "
            "with depth.",
            "모든 가중치가 0이면 한 층의 유닛이 모두 같은 값을 내고, 같은 것을 전해 듣고, 똑같이 바뀐다. 그래서 언제까지나 유닛 하나와 "
            "같다. ReLU나 tanh에서는 더 나쁘다. 0에서의 출력이 0이므로 위층은 아무것도 보지 못하고 아래로 아무것도 보내지 못한다. 무작위 "
            "가중치가 이 대칭을 깬다. 크기는 너비에 따라 정해야 한다. 유닛 하나는 입력 n개를 더하므로 분산이 입력의 n · Var W배가 된다. "
            "조금만 작아도 층마다 신호가 줄어들고, 이 비율은 깊이만큼 곱해진다.",
        ),
        Text(
            "Xavier keeps the variance of signal and gradient through layers that are nearly linear around zero, as tanh is. ReLU "
            "throws half of the signal away, and He doubles the variance of the weights to make up for it.",
            "Xavier 초기화(initialisation)는 tanh처럼 0 근처에서 거의 선형인 층을 지날 때 신호와 기울기의 분산을 유지한다. ReLU는 신호의 "
            "절반을 버리므로, He 초기화는 가중치의 분산을 두 배로 해서 이를 메운다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "z = Σ_i w_i h_i:   Var z = n · Var w · E h²\n"
        "ReLU: E h'² = Var z / 2  ⟹  size of h' = √(n · Var w / 2) · size of h\n"
        "Xavier: Var w = 2/(n_in + n_out)   (ReLU: 1/√2 a layer)\n"
        "He: Var w = 2/n_in   (ReLU: 1 a layer)",
        "z = Σ_i w_i h_i:   Var z = n · Var w · E h²\n"
        "ReLU: E h'² = Var z / 2  ⟹  h'의 크기 = √(n · Var w / 2) · h의 크기\n"
        "Xavier: Var w = 2/(n_in + n_out)   (ReLU: 층마다 1/√2)\n"
        "He: Var w = 2/n_in   (ReLU: 층마다 1)",
    )
    sources: ClassVar[Sequence[str]] = (
        "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998)",
        "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)",
        "He, Zhang, Ren and Sun, Delving deep into rectifiers (2015)",
    )

    @property
    def depths(self) -> tuple[int, int]:
        """One hidden layer, and many."""
        return 1, self.depth

    @cached_property
    def networks(self) -> dict[str, Recipe]:
        """The networks by activation and depth; the initialisation is the factor."""
        epochs = self.epochs or (8 if self.quick else 20)
        return {
            f"{activation}-{depth}": recipe(
                self.data,
                Spec("mlp", {"widths": [self.width] * depth, "activation": activation}),
                optimizer=self.optimizer,
                epochs=epochs,
            )
            for activation in ACTIVATIONS
            for depth in self.depths
        }

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Every initialisation in every network; and the signal at the start of the deep ones."""
        seeds = self.seeds or (5 if self.quick else 10)
        comparisons, signals = {}, []
        for key, network in self.networks.items():
            levels = [Level(name, network.change(init=spec)) for name, spec in STARTS.items()]
            comparisons[key] = compare_levels(
                levels, ["init"], seeds, baseline="he", listen=listen, watching=Watching(evaluations=1)
            )
            if key.endswith(f"-{self.depth}"):
                for level in levels:
                    drawn = [sizes(prepare(with_seed(level.recipe, seed))) for seed in comparisons[key].seeds]
                    signals.append(pd.concat(drawn).assign(network=key, start=level.name))
        return Evidence(comparisons, {"signal": pd.concat(signals, ignore_index=True)})

    def claims(self) -> Sequence[Claim]:
        """What a layer makes of the signal; then who learns, shallow and deep."""
        relu, tanh = (f"{activation}-{self.depth}" for activation in ACTIVATIONS)
        fill = {"depth": self.depth, "halved": number(HALVED)}
        near, better = (round(0.9 * HALVED, 3), round(1.1 * HALVED, 3)), Range(above=0)
        return [
            Claim("he-keeps", _KEEPS.fill(**fill), lambda e: _factor(e, relu, "he"), Range(least=0.9, most=1.1)),
            Claim(
                "xavier-halves", _HALVES.fill(**fill), lambda e: _factor(e, relu, "xavier"), Range(least=near[0], most=near[1])
            ),
            Claim("zeros", _ZEROS, lambda e: above_chance(e.comparisons["relu-1"], "zeros"), Range(below=0.05)),
            Claim("small-deep", _SMALL.fill(**fill), lambda e: above_chance(e.comparisons[relu], "small"), Range(below=0.05)),
            Claim(
                "relu-he", _RELU_HE.fill(**fill), lambda e: difference(e.comparisons[relu], "he", "xavier"), better, saying=True
            ),
            Claim(
                "tanh-xavier",
                _TANH_XAVIER.fill(**fill),
                lambda e: difference(e.comparisons[tanh], "xavier", "he"),
                better,
                saying=True,
            ),
            Claim(
                "shallow-does-not-mind",
                _SHALLOW,
                lambda e: difference(e.comparisons["relu-1"], "small", "he"),
                Range(least=-0.05),
                saying=True,
            ),
        ]

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """The best starts of each network, and what a ReLU layer makes of the signal."""
        parts = []
        for key, one in evidence.comparisons.items():
            best = leaders({name: scores(one, name) for name in STARTS})
            reached = {name: float(scores(one, name).mean()) for name in STARTS}
            fill = {"best": join([_PAIR.fill(name=NAMES[name], value=number(reached[name])) for name in best], ", ")}
            worst = min(reached, key=lambda name: reached[name])
            parts.append(
                _BEST.fill(
                    network=_named(key), worst=NAMES[worst], low=number(reached[worst]), metric=METRICS[one.metric], **fill
                )
            )
        return join([*parts, _SIGNAL.fill(**self._signal(evidence))])

    def _signal(self, evidence: Evidence) -> dict[str, Any]:
        relu = f"relu-{self.depth}"
        rows = [(name, _factor(evidence, relu, name).interval.mean) for name in STARTS if name != "zeros"]
        return {"factors": join([_PAIR.fill(name=NAMES[name], value=number(value)) for name, value in rows], ", ")}

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The scores of all, and the signal by layer in both deep networks."""
        first = evidence.comparisons["relu-1"]
        deep = {name: number(float(scores(evidence.comparisons[f"relu-{self.depth}"], name).mean()), 2) for name in STARTS}
        listed = join([_PAIR.fill(name=NAMES[name], value=value) for name, value in deep.items()], ", ")
        everyone = _EVERYONE.fill(scores=listed, depth=self.depth, metric=METRICS[first.metric])
        fading = _FADING.fill(**self._signal(evidence))

        def compared() -> Figure:
            rows = [
                (str(_named(key)), str(NAMES[name]), value)
                for key, one in evidence.comparisons.items()
                for name in STARTS
                for value in scores(one, name)
            ]
            frame = pd.DataFrame(rows, columns=["network", "start", "score"])
            return against_chance(
                frame, "network", "score", "start", title=everyone, x_name=_NETWORKS, y_name=METRICS[first.metric], chance=first.chance
            )  # fmt: skip

        def fade(key: str, title: Text) -> Figure:
            table = evidence.tables["signal"].query("network == @key and start != 'zeros'")
            shown = {
                str(NAMES[str(start)]): part.pivot_table(index="seed", columns="layer", values="size")
                for start, part in table.groupby("start", sort=False)
            }
            return by_depth(shown, title=title, quantity=_SIZE)

        bent = _FADING_TANH.fill(
            left=join(
                [
                    _PAIR.fill(name=NAMES[name], value=number(_last(evidence, f"tanh-{self.depth}", name), 2))
                    for name in ("xavier", "he")
                ],
                ", ",
            ),
            depth=self.depth,
        )
        return [
            Drawn(everyone, compared, _READ_EVERYONE),
            Drawn(fading, lambda: fade(f"relu-{self.depth}", fading), _READ_FADING),
            Drawn(bent, lambda: fade(f"tanh-{self.depth}", bent), _READ_TANH),
        ]

    def changes(self) -> Sequence[Change]:
        """Another depth, Adam, more time, other data."""
        return [
            Change(_TRY_DEPTH, "whynet ask initialisation --set depth=5"),
            Change(_TRY_ADAM, "whynet ask initialisation --set 'optimizer=adam(lr=0.001)'"),
            Change(_TRY_LONGER, "whynet ask initialisation --set epochs=60"),
            Change(_TRY_DATA, "whynet ask initialisation --data 'wine(scale=standard)' --set epochs=60"),
        ]


def _named(key: str) -> Text:
    activation, _, depth = key.partition("-")
    return _NETWORK.fill(activation={"relu": "ReLU"}.get(activation, activation), depth=depth)


def _factor(evidence: Evidence, network: str, start: str) -> Measured:
    table = evidence.tables["signal"].query("network == @network and start == @start")
    return mean_of(factor(table).to_numpy(dtype=float), _PER_LAYER)


def _last(evidence: Evidence, network: str, start: str) -> float:
    table = evidence.tables["signal"].query("network == @network and start == @start")
    return float(table.loc[table["layer"] == table["layer"].max(), "size"].mean())


_PAIR = Text("{name} {value}", "{name} {value}")
_NETWORK = Text("{activation}, depth {depth}", "{activation} {depth}층")
_NETWORKS = Text("activation and hidden layers", "활성화 함수와 은닉층의 수")
_PER_LAYER = Text("what one layer makes of the size of the signal", "층 하나를 지날 때 신호의 크기가 변하는 비율")
_KEEPS = Text(
    "With He, {depth} ReLU layers keep the size of the signal: the factor of a layer is 1 within a tenth.",
    "He 초기화(initialisation)에서는 ReLU {depth}층을 지나도 신호의 크기가 유지된다. 층 하나의 비율은 10 % 안에서 1이다.",
)
_HALVES = Text(
    "With Xavier each of them leaves 1/√2 = {halved} of it, within a tenth.",
    "Xavier에서는 층마다 1/√2 = {halved}배가 된다. 10 % 안에서 맞다.",
)
_ZEROS = Text(
    "From zeros even one hidden layer stays within 0.05 of chance.",
    "0에서 시작하면 은닉층(hidden layer)이 하나여도 우연 수준(chance)에서 0.05 이상 벗어나지 못한다.",
)
_SMALL = Text(
    "From N(0, 0.01²) {depth} ReLU layers stay within 0.05 of chance.",
    "N(0, 0.01²)에서 시작하면 ReLU {depth}층은 우연 수준에서 0.05 이상 벗어나지 못한다.",
)
_RELU_HE = Text("For {depth} ReLU layers He is better than Xavier.", "ReLU {depth}층에는 Xavier보다 He가 낫다.")
_TANH_XAVIER = Text("For {depth} tanh layers Xavier is better than He.", "tanh {depth}층에는 He보다 Xavier가 낫다.")
_SHALLOW = Text(
    "One hidden layer learns from any random start: N(0, 0.01²) is at most 5 points behind He.",
    "은닉층이 하나면 어떤 무작위 시작에서든 배운다. N(0, 0.01²)도 He보다 5 %포인트 넘게 뒤지지 않는다.",
)
_BEST = Text(
    "{network}: best {best}, worst {worst} with {low} ({metric}).",
    "{network}: 가장 좋은 것 {best}, 가장 나쁜 것 {worst} {low} ({metric}).",
)
_SIGNAL = Text(
    "At the start one ReLU layer multiplies the signal by: {factors}.",
    "처음에 ReLU 층 하나가 신호에 곱하는 비율: {factors}.",
)
_EVERYONE = Text(
    "{metric} of {depth} ReLU layers: {scores}",
    "ReLU {depth}층의 {metric}: {scores}",
)
_FADING = Text(
    "One ReLU layer multiplies the signal by: {factors}",
    "ReLU 층 하나가 신호에 곱하는 비율: {factors}",
)
_FADING_TANH = Text(
    "Size of the signal after {depth} tanh layers: {left}",
    "tanh {depth}층을 지난 신호의 크기: {left}",
)
_READ_EVERYONE = Text(
    "The same networks, data and order from every start, at the same learning rate. Bars at the dotted line have learned nothing.",
    "시작만 다르고 신경망, 데이터, 순서, 학습률이 모두 같다. 점선에 닿은 막대는 아무것도 배우지 못했다.",
)
_READ_FADING = Text(
    "Before any training, on a logarithmic scale: a straight slope is a constant factor at each layer. Zeros have no place on it. "
    "torch also draws biases: they keep the size up but say nothing of the example.",
    "학습하기 전의 값이고 세로축은 로그다. 곧은 비탈은 층마다 같은 비율이라는 뜻이다. 0은 나타낼 수 없다. "
    "torch는 편향(bias)도 뽑는데, 편향은 크기를 받쳐 주지만 예제에 대해서는 아무것도 알려 주지 않는다.",
)
_READ_TANH = Text(
    "tanh bends large signals back to 1, so weights that are too large do not make it grow without end.",
    "tanh는 큰 신호를 1 쪽으로 되돌리므로, 가중치가 커도 신호가 끝없이 커지지 않는다.",
)
_SIZE = Text("size of the signal, √mean(h²)", "신호의 크기 √mean(h²)")
_TRY_DEPTH = Text("Half as deep: which start is now good enough?", "깊이를 절반으로: 이제 어떤 시작으로 충분한가?")
_TRY_ADAM = Text(
    "Adam divides by the size of the gradient: does it save the small start?",
    "Adam은 기울기의 크기로 나눈다. 작은 시작을 살리는가?",
)
_TRY_LONGER = Text("More time: who catches up?", "시간을 더 준다: 누가 따라잡는가?")
_TRY_DATA = Text("Other data, scaled: is the order the same?", "표준화한 다른 데이터: 순서가 같은가?")
