"""What does batch normalisation help with, and when does it hurt?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import Comparison, compare_levels
from whynet.experiment.factor import Level
from whynet.experiment.statistics import paired
from whynet.figures.charts import lines, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.numbers import CHANCE, METRICS, difference, mean_of, score, score_on, scores
from whynet.questions.pictures import within
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text, join

NORMS = {"none": None, "batch": "batch", "layer": "layer"}
RATES = (0.003, 0.03, 0.3, 3.0)
GOOD = 0.8  # of the way from chance to the best seen: a rate that works
EQUAL = 0.05


@register(
    "question",
    name="batch-norm",
    place=30,
    year=2015,
    source="Ioffe and Szegedy, Batch normalization",
    en="What does batch normalisation help with, and when does it hurt?",
    ko="배치 정규화(batch normalisation)는 무엇에 도움이 되며, 언제 해가 되는가?",
)
@dataclass(frozen=True)
class BatchNorm(Question):
    """The same network without and with batch norm at four learning rates; and with batch and layer norm at several batch sizes.

    ``model``: an mlp without a norm of its own. Raises `OptionError` where it is another.
    """

    data: str | Spec = "digits"
    model: Spec = Spec("mlp", {"widths": [64, 64, 64, 64, 64]})  # noqa: RUF009  a spec is frozen
    batches: Sequence[Annotated[int, Range(least=2, most=1024)]] | None = None
    init: Spec = Spec("he")  # noqa: RUF009  made for ReLU, so that the network without a norm is a healthy one
    optimizer: Spec = Spec("sgd", {"lr": 0.03})  # noqa: RUF009
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "Batch normalisation takes each unit's values over the batch to mean 0 and variance 1, and then lets the network choose scale "
            "and shift. Signals keep their size whatever the weights are, and a weight twice as large gives the same output and half the "
            "gradient, so a learning rate that is too large punishes less: more rates work, and larger ones.",
            "배치 정규화(batch normalisation)는 유닛마다 배치 안의 값을 평균 0, 분산 1로 맞춘 뒤 크기와 위치를 신경망이 고르게 한다. "
            "가중치가 어떻든 신호의 크기가 유지되고, 가중치가 두 배여도 출력은 같고 기울기(gradient)는 절반이다. 그래서 학습률(learning "
            "rate)이 지나치게 커도 벌이 작다. 더 많은 학습률이, 더 큰 학습률까지 쓸 만해진다.",
        ),
        Text(
            "The price: each example's answer depends on who shares its batch. With few examples the mean and variance are noise; with "
            "two, each unit only says which of the two is larger. In use, averages gathered in training stand in for the batch, and where "
            "these fit badly the network answers otherwise than it learned. Layer norm looks at one example alone and has neither "
            "trouble. The paper's own reason, internal covariate shift, was called into question by Santurkar et al. (2018).",
            "대가가 있다. 예제의 답이 같은 배치에 누가 있느냐에 달린다. 예제가 적으면 평균과 분산은 잡음이고, 둘뿐이면 유닛은 둘 중 어느 "
            "쪽이 큰지만 말한다. 쓸 때는 학습하며 모은 평균이 배치를 대신하는데, 이것이 잘 맞지 않으면 배운 것과 다르게 답한다. 층 "
            "정규화(layer norm)는 예제 하나만 보므로 두 문제가 모두 없다. 논문이 든 이유인 내부 공변량 변화(internal covariate "
            "shift)에는 Santurkar 외(2018)가 의문을 제기했다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "y = γ · (z − μ_B) / √(σ²_B + ε) + β,   μ_B and σ²_B over the batch; in use running averages of them\n"
        "BN(c·W x) = BN(W x),   ∂L/∂(cW) = (1/c) ∂L/∂W",
        "y = γ · (z − μ_B) / √(σ²_B + ε) + β,   μ_B와 σ²_B는 배치에서 구하고, 쓸 때는 그 이동 평균\n"
        "BN(c·W x) = BN(W x),   ∂L/∂(cW) = (1/c) ∂L/∂W",
    )
    sources: ClassVar[Sequence[str]] = (
        "Ioffe and Szegedy, Batch normalization (2015)",
        "Ba, Kiros and Hinton, Layer normalization (2016)",
        "Santurkar, Tsipras, Ilyas and Madry, How does batch normalization help optimization? (2018)",
        "Wu and He, Group normalization (2018)",
    )

    def __post_init__(self) -> None:
        """Check what the options say together. Raises `OptionError`."""
        given = canonical("model", self.model).options
        if self.model.name != "mlp" or given.get("norm") is not None or not given.get("widths", [1]):
            raise OptionError(_NOT_MLP, received=str(self.model))
        if len(set(self.sizes)) < 2:
            raise OptionError(_SIZES, received=str(list(self.sizes)))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The batch sizes compared, from small to large."""
        return tuple(sorted(self.batches or ((2, 64) if self.quick else (2, 4, 8, 16, 64))))

    @cached_property
    def base(self) -> Recipe:
        """The recipe that every network is a change of."""
        return recipe(
            self.data, self.model, optimizer=self.optimizer, init=self.init, epochs=self.epochs or (6 if self.quick else 12)
        )

    def measure(self, listen: Listen) -> Evidence:
        """Norm and rate as the factor; norm and batch size as the factor, in equally many steps."""
        seeds, base = self.seeds or (5 if self.quick else 10), self.base
        rates = [
            Level(key(norm, rate), base.change(**{"model.norm": NORMS[norm], "optimizer.lr": rate}))
            for norm in ("none", "batch")
            for rate in RATES
        ]
        steps = 25 * base.epochs
        sizes = [
            Level(key(norm, size), base.change(**{"model.norm": NORMS[norm], "batch_size": size, "steps": steps}))
            for norm in NORMS for size in self.sizes
        ]  # fmt: skip
        by_rate = compare_levels(rates, ["model.norm", "optimizer.lr"], seeds, listen=listen)
        by_size = compare_levels(sizes, ["model.norm", "batch_size"], seeds, listen=listen)
        rows = [(size, seed, *modes(one)) for size in self.sizes for seed, one in enumerate(by_size.arms[key("batch", size)])]
        return Evidence(
            {"rate": by_rate, "size": by_size}, {"modes": pd.DataFrame(rows, columns=["size", "seed", "use", "training"])}
        )

    def claims(self) -> Sequence[Claim]:
        """More rates, larger rates; any batch; the same in use as in training."""
        small, large = self.sizes[0], self.sizes[-1]
        fill = {"small": small, "large": large, "rate": f"{RATES[-1]:g}", "n": len(RATES)}
        return [
            Claim("more-rates", _MORE_RATES.fill(**fill), lambda e: _more_rates(e.comparisons["rate"]), Range(above=0)),
            Claim("largest-rate", _LARGEST.fill(**fill), lambda e: _gain(e, RATES[-1]), Range(above=0), saying=True),
            Claim("always", _ALWAYS, lambda e: _gain(e, RATES[1]), Range(above=0), saying=True),
            Claim(
                "any-batch", _ANY.fill(**fill), lambda e: difference(e.comparisons["size"], key("batch", small), key("none", small)),
                Range(least=-EQUAL), saying=True,
            ),
            Claim(
                "layer-small", _LAYER.fill(**fill), lambda e: difference(e.comparisons["size"], key("layer", small), key("batch", small)),
                Range(above=0),
            ),
            Claim("same-in-use", _USE.fill(**fill), lambda e: _apart(e, large), Range(least=-EQUAL, most=EQUAL), saying=True),
        ]  # fmt: skip

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """How many rates work, and what becomes of each norm in small batches."""
        return _VERDICT.fill(**self._found(evidence))

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        rate, size = evidence.comparisons["rate"], evidence.comparisons["size"]
        small, large = self.sizes[0], self.sizes[-1]

        def listed(at: int) -> Text:
            return join([_PAIR.fill(name=NAMES[norm], value=score(size, key(norm, at)).alone) for norm in NORMS], ", ")

        without, among = (f"{working(rate, norm).mean():.1f}" for norm in ("none", "batch"))
        modes = evidence.tables["modes"].groupby("size")[["use", "training"]].mean()
        return {
            "without": without, "with": among, "n": len(RATES), "small": small, "large": large, "in_small": listed(small),
            "in_large": listed(large), "metric": METRICS[rate.metric], "use": f"{float(modes['use'].iloc[0]):.3g}",
            "training": f"{float(modes['training'].iloc[0]):.3g}",
        }  # fmt: skip

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The score by learning rate, by batch size, and in use against in training."""
        rate, size, found = evidence.comparisons["rate"], evidence.comparisons["size"], self._found(evidence)
        tolerant, small, modes = _TOLERANT.fill(**found), _SMALL.fill(**found), _MODES.fill(**found)

        def drawn(one: Comparison, norms: Sequence[str], places: Sequence[float], title: Text, x_name: Text) -> Figure:
            rows = [
                (i, str(NAMES[norm]), value)
                for norm in norms for i, place in enumerate(places) for value in scores(one, key(norm, place))
            ]  # fmt: skip
            frame = pd.DataFrame(rows, columns=["place", "norm", "score"])
            figure = lines.interval(frame, "place", "score", by="norm", title=title, x_name=x_name, y_name=METRICS[one.metric])
            within(figure, one)
            return remarks.reference(
                remarks.ticks(figure, {float(i): f"{p:g}" for i, p in enumerate(places)}), one.chance, CHANCE
            )

        def used() -> Figure:
            table = evidence.tables["modes"].melt(id_vars=["size", "seed"], var_name="mode", value_name="score")
            place = {one: float(i) for i, one in enumerate(self.sizes)}
            table = table.assign(
                mode=table["mode"].map({"use": str(_USED), "training": str(_TRAINING)}), size=table["size"].map(place)
            )
            figure = lines.interval(table, "size", "score", by="mode", title=modes, x_name=_SIZE, y_name=METRICS[size.metric])
            return remarks.ticks(within(figure, size), {i: str(one) for one, i in place.items()})

        return [
            Drawn(tolerant, lambda: drawn(rate, ("none", "batch"), RATES, tolerant, _RATE), _READ_RATE),
            Drawn(small, lambda: drawn(size, tuple(NORMS), self.sizes, small, _SIZE), _READ_SIZE),
            Drawn(modes, used, _READ_MODES),
        ]

    def changes(self) -> Sequence[Change]:
        """A deeper network, bad initial weights, another optimizer, other data."""
        return [
            Change(_TRY_DEEP, "whynet ask batch-norm --model 'mlp(widths=[64, 64, 64, 64, 64, 64, 64, 64, 64, 64])'"),
            Change(_TRY_INIT, "whynet ask batch-norm --set init=default"),
            Change(_TRY_ADAM, "whynet ask batch-norm --set 'optimizer=adam(lr=0.001)'"),
            Change(_TRY_DATA, "whynet ask batch-norm --data wine --set epochs=60"),
        ]


# --- numbers ---------------------------------------------------------------------------------------------------------


def key(norm: str, place: float) -> str:
    """The name of a level: ``batch 0.03``."""
    return f"{norm} {place:g}"


def modes(one: Fitted) -> tuple[float, float]:
    """The test metric in use, with gathered averages, and as in training, with the statistics of the whole test set."""
    return max(-1.0, one.score("test")), score_on(one, one.dataset.test.x, one.module.train())


def working(one: Comparison, norm: str) -> np.ndarray:
    """How many of the rates reach `GOOD` of the way from chance to the best mean of any level, a count for each seed."""
    best = max(float(scores(one, level.name).mean()) for level in one.levels)
    least = one.chance + GOOD * (best - one.chance)
    return np.sum([scores(one, key(norm, rate)) >= least for rate in RATES], axis=0).astype(float)


def _more_rates(one: Comparison) -> Measured:
    return Measured(paired(working(one, "batch"), working(one, "none")).difference, _COUNT)


def _gain(evidence: Evidence, rate: float) -> Measured:
    return difference(evidence.comparisons["rate"], key("batch", rate), key("none", rate))


def _apart(evidence: Evidence, size: int) -> Measured:
    table = evidence.tables["modes"]
    table = table[table["size"] == size]
    accuracy = evidence.comparisons["size"].metric == "accuracy"
    return mean_of((table["use"] - table["training"]).to_numpy(dtype=float), _MODE_GAP, "points" if accuracy else "number")


NAMES = {
    "none": Text("no norm", "정규화 없음"),
    "batch": Text("batch norm", "배치 정규화"),
    "layer": Text("layer norm", "층 정규화"),
}
_COUNT = Text("how many more of the rates work, same seeds", "쓸 만한 학습률의 개수 차이, 같은 시드끼리")
_MODE_GAP = Text("in use less as in training, same networks", "쓸 때와 학습할 때 방식의 차이, 같은 신경망")
_MORE_RATES = Text(
    "More learning rates work with batch norm: of {n}, those that bring 80 % of the best.",
    "배치 정규화를 쓰면 더 많은 학습률이 쓸 만하다. {n}개 가운데 가장 좋은 것의 80 %를 내는 것.",
)
_LARGEST = Text(
    "At the largest rate, {rate}, it is better with batch norm.", "가장 큰 학습률 {rate}에서 배치 정규화가 더 낫다."
)
_ALWAYS = Text("It helps a healthy network at a usual rate too.", "건강한 신경망도 보통의 학습률에서 더 나아진다.")
_ANY = Text(
    "It does no harm in small batches: with {small} examples it stays within 0.05.",
    "작은 배치에서도 해롭지 않다. 예제 {small}개에서도 0.05 넘게 나빠지지 않는다.",
)
_LAYER = Text(
    "In batches of {small}, layer norm is better than batch norm.",
    "예제 {small}개인 배치에서는 층 정규화가 배치 정규화보다 낫다.",
)
_USE = Text(
    "In use it answers as in training: with batches of {large} the two agree within 0.05.",
    "쓸 때도 학습할 때처럼 답한다. 배치가 {large}개면 둘이 0.05 안에서 같다.",
)
_VERDICT = Text(
    "Of {n} learning rates {with} work with batch norm and {without} without. In batches of {small}: {in_small}; in batches of {large}: "
    "{in_large} ({metric}). Trained in batches of {small}, batch norm reaches {use} in use and {training} with the statistics of the "
    "test set.",
    "학습률 {n}개 가운데 배치 정규화를 쓰면 {with}개, 쓰지 않으면 {without}개가 쓸 만하다. 배치 {small}개: {in_small}. 배치 {large}개: "
    "{in_large}({metric}). 배치 {small}개로 학습한 배치 정규화는 쓸 때 {use}, 테스트 세트의 통계로는 {training}에 이른다.",
)
_PAIR = Text("{name} {value}", "{name} {value}")
_TOLERANT = Text(
    "Of {n} learning rates {with} work with batch norm, {without} without",
    "학습률 {n}개 가운데 배치 정규화로는 {with}개, 없이는 {without}개가 쓸 만하다",
)
_SMALL = Text("In batches of {small}: {in_small}", "배치 {small}개에서: {in_small}")
_MODES = Text(
    "Trained in batches of {small}: {use} in use, {training} with the statistics of the test set",
    "배치 {small}개로 학습: 쓸 때 {use}, 테스트 세트의 통계로 {training}",
)
_RATE, _SIZE = Text("learning rate", "학습률(learning rate)"), Text("batch size", "배치 크기(batch size)")
_USED, _TRAINING = Text("in use, gathered averages", "쓸 때, 모은 평균"), Text("as in training", "학습할 때처럼")
_READ_RATE = Text(
    "The same network and seeds; a wide high stretch forgives.", "같은 신경망, 같은 시드. 높은 구간이 넓을수록 너그럽다."
)
_READ_SIZE = Text(
    "Equally many steps at every size, so small batches see fewer examples: compare norms at one size, not sizes.",
    "크기마다 스텝 수가 같으므로 작은 배치는 예제를 덜 본다. 크기끼리가 아니라 같은 크기에서 정규화끼리 견준다.",
)
_READ_MODES = Text("The same trained weights, evaluated in two ways.", "학습한 같은 가중치를 두 가지 방식으로 평가한다.")
_TRY_DEEP = Text("Twice the depth: what is left without a norm?", "두 배의 깊이: 정규화 없이는 무엇이 남는가?")
_TRY_INIT = Text("Torch's own initial weights: is batch norm a remedy?", "torch의 기본 초기화: 배치 정규화가 해결책인가?")
_TRY_ADAM = Text("Adam: is there still something to gain?", "Adam: 여전히 얻을 것이 있는가?")
_TRY_DATA = Text("A small table: does it help there?", "작은 표: 거기서도 도움이 되는가?")
_NOT_MLP = Text(
    "batch-norm puts a norm into an mlp that has none. Expected a model such as mlp(widths=[64, 64, 64]). Received: {received}",
    "batch-norm은 정규화가 없는 mlp에 정규화를 넣는다. mlp(widths=[64, 64, 64]) 같은 모델이어야 한다. 받은 것: {received}",
)
_SIZES = Text(
    "batches: expected at least two different batch sizes. Received: {received}",
    "batches: 서로 다른 배치 크기가 둘 이상이어야 한다. 받은 것: {received}",
)
