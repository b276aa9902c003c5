"""What does cross-entropy measure, and why does it start at ln K?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from whynet.engine.arm import Arm, load_data, prepare
from whynet.engine.fit import Fitted
from whynet.errors import OptionError
from whynet.experiment.compare import compare_levels
from whynet.experiment.factor import Level
from whynet.figures import curves
from whynet.figures.canvas import number
from whynet.figures.charts import bars, remarks
from whynet.questions.claim import Claim, Judged, Measured
from whynet.questions.evidence import Evidence
from whynet.questions.mathematics.codes import PRECISION, encode, entropy, huffman
from whynet.questions.numbers import METRICS, difference, mean_of, score
from whynet.questions.question import Change, Drawn, Listen, Question
from whynet.recipe import Recipe, recipe, with_seed
from whynet.registry import Range, canonical, register
from whynet.spec import Spec
from whynet.text import Text

NETWORK = Spec("mlp", {"widths": [64]})
PLAIN, TWICE = "logits", "softmax"  # what the network hands to the loss
NAMES = {PLAIN: Text("logits", "로짓(logit)"), TWICE: Text("softmax before the loss", "손실 앞에 소프트맥스")}
LONGEST = 400  # labels in a message
NEAR = Range(least=0.95, most=1.05)


@register(
    "question",
    name="cross-entropy",
    place=50,
    year=1948,
    source="Shannon",
    en="What does cross-entropy measure, and why does it start at ln K?",
    ko="교차 엔트로피(cross-entropy)는 무엇을 재며, 왜 ln K에서 시작하는가?",
)
@dataclass(frozen=True)
class CrossEntropyQuestion(Question):
    """The loss of untrained networks against ln K; of trained ones against the bits that their probabilities really save.

    ``data``: with classes. Raises `OptionError` where it has none.
    """

    data: str | Spec = "digits"
    model: Spec = NETWORK
    epochs: Annotated[int, Range(least=1)] | None = None
    seeds: Annotated[int, Range(least=1)] | None = None
    quick: bool = False

    words: ClassVar[Sequence[Text]] = (
        Text(
            "A surprise is measured by how improbable it was: an event of probability p is worth −log p, one bit for a coin, log K "
            "for one of K equal cases. Entropy is the surprise to be expected of a source, and the fewest bits in which its symbols "
            "can be written. Whoever writes them by a wrong distribution q needs the cross-entropy; what it costs beyond the entropy "
            "is the Kullback–Leibler divergence.",
            "놀라움은 얼마나 드문 일이었는지로 잰다. 확률 p인 사건의 값은 −log p다. 동전 하나는 1비트, 똑같은 K가지 중 하나는 log K다. "
            "엔트로피(entropy)는 어떤 원천에서 예상되는 놀라움이며, 그 기호를 적는 데 드는 가장 적은 비트 수다. 틀린 분포 q로 적으면 "
            "교차 엔트로피만큼 들고, 엔트로피보다 더 드는 몫이 쿨백-라이블러 발산(Kullback–Leibler divergence)이다.",
        ),
        Text(
            "The loss of a network that classifies is the length of the labels written with its probabilities, in nats: divide by "
            "ln 2 for bits. Knowing nothing and saying so, p = 1/K, costs ln K, and a network whose outputs are still near zero "
            "says just that. A loss far above it is not ignorance but error said with confidence.",
            "분류하는 신경망의 손실은 정답을 그 확률로 적었을 때의 길이다. 단위는 나트(nat)이고, ln 2로 나누면 비트가 된다. 아무것도 "
            "모르고 모른다고 말하면, 곧 p = 1/K이면 ln K가 든다. 출력이 아직 0에 가까운 신경망이 바로 그렇게 말한다. 손실이 이보다 훨씬 "
            "크다면 모르는 것이 아니라 틀린 답을 확신하는 것이다.",
        ),
        Text(
            "Softmax belongs to the loss. Put one before it and it is applied twice: numbers between 0 and 1 are taken for logits, "
            "and no network can then be surer than e/(e + K − 1). The loss stops at ln(1 + (K − 1)/e), the gradient is small.",
            "소프트맥스(softmax)는 손실에 들어 있다. 손실 앞에 하나 더 두면 두 번 적용된다. 0과 1 사이의 수를 로짓으로 여기므로 어떤 "
            "신경망도 e/(e + K − 1)보다 확신할 수 없다. 손실은 ln(1 + (K − 1)/e)에서 멈추고 기울기(gradient)는 작다.",
        ),
    )
    formula: ClassVar[str | Text] = Text(
        "H(p) = −Σ p log p,   H(p, q) = −Σ p log q = H(p) + KL(p ‖ q),   KL(p ‖ q) = Σ p log p/q ≥ 0\n"
        "loss = −1/N Σ ln q(label),   bits for a label = loss / ln 2\n"
        "q = 1/K:   loss = ln K;   softmax twice:   loss ≥ ln(1 + (K − 1)/e)",
        "H(p) = −Σ p log p,   H(p, q) = −Σ p log q = H(p) + KL(p ‖ q),   KL(p ‖ q) = Σ p log p/q ≥ 0\n"
        "손실 = −1/N Σ ln q(레이블),   레이블 하나의 비트 = 손실 / ln 2\n"
        "q = 1/K:   손실 = ln K;   softmax 두 번:   손실 ≥ ln(1 + (K − 1)/e)",
    )
    sources: ClassVar[Sequence[str]] = (
        "Shannon, A mathematical theory of communication (1948)",
        "Kullback and Leibler, On information and sufficiency (1951)",
        "Huffman, A method for the construction of minimum-redundancy codes (1952)",
        "Rissanen, Generalized Kraft inequality and arithmetic coding (1976)",
    )

    def __post_init__(self) -> None:
        """Check that there are classes. Raises `OptionError`."""
        task = load_data(self.base).task
        if task.kind != "classify":
            raise OptionError(_NO_CLASSES, received=task.words)

    @property
    def base(self) -> Recipe:
        """The network on logits."""
        return recipe(self.data, self.model, loss="cross_entropy", epochs=self.epochs or (20 if self.quick else 40))

    @property
    def squashes(self) -> bool:
        """Whether a softmax can be put before the loss: the model is an mlp without an activation on its answer."""
        return self.model.name == "mlp" and "output_activation" not in canonical("model", self.model).options

    @cached_property
    def classes(self) -> int:
        """K."""
        return load_data(self.base).task.outputs

    @property
    def floor(self) -> float:
        """The least loss with softmax twice, where the right class gets 1 and all others 0."""
        return math.log(1 + (self.classes - 1) / math.e)

    # --- the experiment ------------------------------------------------------------------------------------------

    def measure(self, listen: Listen) -> Evidence:
        """Untrained networks, messages written by untrained and trained ones, and training with a softmax too many."""
        levels = [Level(PLAIN, self.base)]
        if self.squashes:
            levels.append(Level(TWICE, self.base.change(**{"model.output_activation": "softmax"})))
        seeds = self.seeds or (5 if self.quick else 10)
        network = compare_levels(levels, ["model.output_activation"], seeds, listen=listen)
        rows, starts, messages = [], [], []
        for seed, one in zip(network.seeds, network.arms[PLAIN], strict=True):
            starts += [
                (seed, init, _loss(prepare(with_seed(self.base.change(init=init), seed))))
                for init in (None, "he", "normal(std=1)")
            ]
            untrained, trained = (_log_probabilities(one, fresh) for fresh in (True, False))
            labels = one.dataset.test.y[:LONGEST]
            for state, log_q in (("untrained", untrained), ("trained", trained)):
                promised = float(-log_q.gather(1, labels[:, None]).mean()) / math.log(2)
                written = len(encode(labels.tolist(), log_q.exp().numpy()))
                messages.append((seed, state, promised, written / len(labels), written - promised * len(labels)))
            p = np.bincount(labels.numpy(), minlength=self.classes) / len(labels)
            messages.append((seed, "shares", entropy(p), float(huffman(p) @ p), np.nan))
            rows.append(
                (seed, _divergence(trained, untrained), _divergence(untrained, trained), entropy(p), float(huffman(p) @ p))
            )
        return Evidence(
            {"network": network},
            {
                "start": pd.DataFrame(starts, columns=["seed", "init", "loss"]).fillna({"init": "default"}),
                "messages": pd.DataFrame(messages, columns=["seed", "state", "promised", "written", "extra"]),
                "divergence": pd.DataFrame(rows, columns=["seed", "there", "back", "entropy", "huffman"]),
            },
            notes=(_ROUNDED.fill(n=LONGEST, precision=PRECISION),),
        )

    def claims(self) -> Sequence[Claim]:
        """The start, the bits, and what is said of either; the floor where a softmax can be put before the loss."""
        here = {"classes": self.classes, "start": number(math.log(self.classes)), "floor": number(self.floor)}
        claims = [
            Claim("start", _START.fill(**here), lambda e: self._starts(e, "default"), NEAR),
            Claim("any-start", _ANY_START.fill(**here), lambda e: self._starts(e, "normal(std=1)"), NEAR, saying=True),
            Claim("bits", _BITS, _extra, Range(least=0, most=2.1)),
            Claim("huffman", _HUFFMAN, _over_entropy, Range(least=0, below=1)),
            Claim("distance", _DISTANCE, _there_and_back, NEAR, saying=True),
        ]
        if self.squashes:
            claims += [
                Claim(
                    "floor", _FLOOR.fill(**here), lambda e: mean_of(_least(e, TWICE) - self.floor, _ABOVE_FLOOR), Range(least=0)
                ),
                Claim(
                    "harmless",
                    _HARMLESS,
                    lambda e: difference(e.comparisons["network"], TWICE, PLAIN),
                    Range(least=-0.01),
                    saying=True,
                ),
            ]
        return claims

    def _starts(self, evidence: Evidence, init: str) -> Measured:
        table = evidence.tables["start"]
        return mean_of(table.loc[table["init"] == init, "loss"].to_numpy(dtype=float) / math.log(self.classes), _OF_LN_K)

    # --- what came out -------------------------------------------------------------------------------------------

    def verdict(self, evidence: Evidence, judged: Sequence[Judged]) -> Text:
        """Where the loss began, what it promised and kept, what a second softmax did."""
        words = _VERDICT.fill(**self._found(evidence))
        return _WITH_FLOOR.fill(words=words, **self._found(evidence)) if self.squashes else words

    def _found(self, evidence: Evidence) -> dict[str, object]:
        """The numbers that verdict and titles speak of."""
        start, network = evidence.tables["start"].groupby("init")["loss"].mean(), evidence.comparisons["network"]
        by_state = {str(name): part.mean(numeric_only=True) for name, part in evidence.tables["messages"].groupby("state")}
        divergence = evidence.tables["divergence"].mean()
        found: dict[str, object] = {
            "classes": self.classes, "ln_k": number(math.log(self.classes)), "start": number(float(start["default"])),
            "he": number(float(start["he"])), "wild": number(float(start["normal(std=1)"])),
            "there": number(float(divergence["there"])), "back": number(float(divergence["back"])), "metric": METRICS["accuracy"],
            "even": number(math.log2(self.classes)), "plain": number(float(_least(evidence, PLAIN).mean()), 2),
            **{f"{state}_{what}": number(float(row[what])) for state, row in by_state.items() for what in ("promised", "written")},
            "right": score(network, PLAIN).alone, "floor": number(self.floor),
        }  # fmt: skip
        if self.squashes:
            found |= {"twice": number(float(_least(evidence, TWICE).mean())), "wrong": score(network, TWICE).alone}
        return found

    def figures(self, evidence: Evidence, judged: Sequence[Judged]) -> Sequence[Drawn]:
        """The loss from ln K down; the bits promised and written."""
        network, found = evidence.comparisons["network"], self._found(evidence)
        falling = (_FALLING if self.squashes else _FALLING_ALONE).fill(**found)
        bits = _MESSAGES.fill(**found)

        def fall() -> Figure:
            runs = {str(NAMES[name]): [one.history for one in arms] for name, arms in network.arms.items()}
            drawn = remarks.reference(curves(runs, title=falling, y=_LOSS, what="loss"), math.log(self.classes), _LN_K)
            return remarks.reference(drawn, self.floor, _LEAST_TWICE) if self.squashes else drawn

        def messages() -> Figure:
            long = evidence.tables["messages"].melt(["seed", "state"], ["promised", "written"], "what", "bits")
            names = {
                "untrained": _UNTRAINED,
                "shares": _SHARES,
                "trained": _TRAINED,
                "promised": _PROMISED,
                "written": _WRITTEN,
            }
            named = long.assign(
                state=long["state"].map(lambda k: str(names[k])), what=long["what"].map(lambda k: str(names[k]))
            )
            drawn = bars.grouped(named, "state", "bits", "what", title=bits, x_name=_CODED_BY, y_name=_PER_LABEL)
            return remarks.reference(drawn, math.log2(self.classes), _LOG_K)

        return [Drawn(falling, fall, _READ_FALLING), Drawn(bits, messages, _READ_MESSAGES)]

    def changes(self) -> Sequence[Change]:
        """Fewer classes, inputs that are not scaled, labels that say nothing."""
        return [
            Change(_TRY_TWO, "whynet ask cross-entropy --data moons"),
            Change(_TRY_RAW, "whynet ask cross-entropy --data 'wine(scale=none)'"),
            Change(_TRY_SHUFFLED, "whynet ask cross-entropy --data 'digits(shuffle_labels=True)'"),
        ]


@torch.no_grad()
def _loss(arm: Arm) -> float:
    """The loss on the training examples before any step."""
    module, train = arm.network.load(arm.network.initial, arm.network.buffers), arm.dataset.train
    return float(arm.loss(module(train.x), train.y))


@torch.no_grad()
def _log_probabilities(one: Fitted, fresh: bool) -> Tensor:
    """ln q of the first test examples, (N, K) float64, before the training or after it."""
    network = one.arm.network
    module = network.load(network.initial, network.buffers) if fresh else one.module
    return module(one.dataset.test.x[:LONGEST]).double().log_softmax(dim=1)


def _divergence(log_p: Tensor, log_q: Tensor) -> float:
    """KL(p ‖ q) in nats, averaged over the examples."""
    return float((log_p.exp() * (log_p - log_q)).sum(dim=1).mean())


def _least(evidence: Evidence, level: str) -> np.ndarray:
    """The least training loss that each seed came to."""
    return np.array(
        [float(np.min(one.history.curve("train", "loss")[1])) for one in evidence.comparisons["network"].arms[level]]
    )


def _extra(evidence: Evidence) -> Measured:
    table = evidence.tables["messages"]
    return mean_of(table.loc[table["state"] == "trained", "extra"].to_numpy(dtype=float), _EXTRA)


def _over_entropy(evidence: Evidence) -> Measured:
    table = evidence.tables["divergence"]
    return mean_of((table["huffman"] - table["entropy"]).to_numpy(dtype=float), _OVER)


def _there_and_back(evidence: Evidence) -> Measured:
    table = evidence.tables["divergence"]
    return mean_of((table["there"] / table["back"]).to_numpy(dtype=float), _RATIO)


_OF_LN_K = Text("loss of the untrained network, of ln K", "학습하지 않은 신경망의 손실, ln K 대비")
_EXTRA = Text("bits of the whole message beyond what the loss says", "메시지 전체에서 손실이 말하는 것보다 더 든 비트")
_OVER = Text("bits for a label beyond the entropy", "정답 하나에 엔트로피보다 더 든 비트")
_RATIO = Text("KL(trained ‖ untrained) over KL(untrained ‖ trained)", "KL(학습 뒤 ‖ 학습 전) 나누기 KL(학습 전 ‖ 학습 뒤)")
_ABOVE_FLOOR = Text("least training loss less the floor", "가장 낮은 학습 손실에서 하한을 뺀 값")
_START = Text(
    "Before training the loss is ln {classes} = {start}, within a twentieth.",
    "학습 전 손실은 ln {classes} = {start}이고 5 % 안에서 맞다.",
)
_ANY_START = Text(
    "It starts at ln {classes} however the weights are drawn: with a standard deviation of 1 too.",
    "가중치를 어떻게 뽑든 ln {classes}에서 시작한다. 표준편차가 1이어도 그렇다.",
)
_BITS = Text(
    "Written with the trained network's probabilities, the test labels take as many bits as the loss says, and at most two more.",
    "학습한 신경망의 확률로 테스트 정답을 적으면 손실이 말하는 만큼의 비트가 들고, 더 들어야 2비트다.",
)
_HUFFMAN = Text(
    "Huffman's code for the labels needs at least their entropy, and less than a bit more.",
    "정답을 적는 허프만 부호(Huffman code)는 엔트로피 이상, 그보다 1비트 미만으로 더 든다.",
)
_DISTANCE = Text(
    "The Kullback–Leibler divergence is a distance: the same there and back.", "KL 발산은 거리다. 가는 길과 오는 길이 같다."
)
_FLOOR = Text(
    "With a softmax before the loss the training loss does not fall below {floor}.",
    "손실 앞에 소프트맥스를 두면 학습 손실이 {floor} 아래로 내려가지 않는다.",
)
_HARMLESS = Text(
    "A softmax before the loss does no harm to the answers: accuracy stays within a point.",
    "손실 앞의 소프트맥스는 답에 해롭지 않다. 정확도가 1 %포인트 넘게 떨어지지 않는다.",
)
_VERDICT = Text(
    "The loss begins at {start}; ln {classes} is {ln_k}. He's initialisation begins at {he}, weights of standard deviation 1 at "
    "{wild}. Written with the untrained network's probabilities a label takes {untrained_written} bits, with the trained one's "
    "{trained_written}; their losses say {untrained_promised} and {trained_promised}. From trained to untrained the divergence is "
    "{there} nats, from untrained to trained {back}.",
    "손실은 {start}에서 시작한다(ln {classes} = {ln_k}). He 초기화는 {he}, 표준편차 1인 가중치는 {wild}에서 시작한다. 정답 "
    "하나를 학습하지 않은 신경망의 확률로 적으면 {untrained_written}비트, 학습한 신경망의 확률로 적으면 {trained_written}비트가 든다. "
    "손실이 말하는 것은 각각 {untrained_promised}, {trained_promised}비트다. 학습 뒤에서 학습 전으로의 발산은 {there} 나트, 그 반대는 "
    "{back} 나트다.",
)
_WITH_FLOOR = Text(
    "{words} With a softmax before the loss training comes down to {twice} (floor {floor}) instead of {plain}; {metric} {wrong} "
    "instead of {right}.",
    "{words} 손실 앞에 소프트맥스를 두면 학습 손실이 {plain} 대신 {twice}까지 내려간다(하한 {floor}). {metric}: {right} 대신 {wrong}.",
)
_FALLING = Text(
    "The loss starts at {start} (ln K = {ln_k}); on the training data it comes down to {plain}, with softmax twice to {twice}",
    "손실은 {start}에서 시작한다(ln K = {ln_k}). 학습 데이터에서는 {plain}까지, 소프트맥스가 두 번이면 {twice}까지 내려간다",
)
_FALLING_ALONE = Text(
    "The loss starts at {start} (ln K = {ln_k}); on the training data it comes down to {plain}",
    "손실은 {start}에서 시작한다(ln K = {ln_k}). 학습 데이터에서는 {plain}까지 내려간다",
)
_MESSAGES = Text(
    "A test label takes {untrained_written} bits before training and {trained_written} after; the losses say {untrained_promised} and "
    "{trained_promised}",
    "테스트 정답 하나에 드는 비트: 학습 전 {untrained_written}, 학습 뒤 {trained_written}. 손실이 말하는 값: {untrained_promised}, "
    "{trained_promised}",
)
_READ_FALLING = Text(
    "Loss on the validation set. The dotted lines are worked out, not measured: ln K, and the least loss with softmax twice.",
    "검증 세트의 손실. 점선은 잰 것이 아니라 계산한 값이다. 위는 ln K, 아래는 소프트맥스를 두 번 쓸 때의 하한이다.",
)
_READ_MESSAGES = Text(
    "Promised: the cross-entropy in bits, or the entropy of the shares. Written: the length of a real message, arithmetic coding for "
    "the networks, Huffman's code for the shares.",
    "예고: 비트로 나타낸 교차 엔트로피, 비율의 엔트로피. 실제: 정말로 적은 메시지의 길이. 신경망은 산술 부호화(arithmetic coding), 비율은 "
    "허프만 부호로 적었다.",
)
_LOSS, _LN_K = Text("validation loss (nats)", "검증 손실(나트)"), Text("ln K: knowing nothing", "ln K: 아무것도 모를 때")
_LEAST_TWICE = Text("floor", "하한")
_LOG_K, _PER_LABEL = Text("log₂ K", "log₂ K 비트"), Text("bits for a label", "정답 하나의 비트")
_UNTRAINED, _TRAINED = Text("untrained network", "학습하지 않은 신경망"), Text("trained network", "학습한 신경망")
_SHARES, _CODED_BY = (
    Text("shares of the classes", "클래스의 비율"),
    Text("distribution used to write the test labels", "테스트 정답을 적는 데 쓴 분포"),
)
_PROMISED, _WRITTEN = Text("promised", "예고"), Text("written", "실제")
_TRY_TWO = Text("Two classes: the start is ln 2, one bit.", "두 클래스: ln 2, 곧 1비트에서 시작한다.")
_TRY_RAW = Text(
    "Inputs that are not scaled: does it still start at ln K?", "스케일링하지 않은 입력: 그래도 ln K에서 시작하는가?"
)
_TRY_SHUFFLED = Text(
    "Labels that say nothing of the inputs: what does confidence cost?", "입력과 무관한 정답: 확신의 대가는 얼마인가?"
)
_ROUNDED = Text(
    "Messages hold at most {n} labels; a probability below 2 to the power −{precision} is written as if it were that.",
    "메시지에는 많아야 정답 {n}개가 들어간다. 2의 −{precision}제곱보다 작은 확률은 그 값으로 보고 적는다.",
)
_NO_CLASSES = Text(
    "cross-entropy needs data with classes, such as digits or iris. Received: {received}",
    "cross-entropy에는 digits, iris처럼 클래스가 있는 데이터가 필요하다. 받은 것: {received}",
)
