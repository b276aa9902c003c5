"""A network with weights to spare is held back by nothing."""

from __future__ import annotations

from torch.nn.modules.batchnorm import _NormBase

from whynet.doctor.cause import Cause, Evidence, Remedy, Suspicion, set_aside
from whynet.doctor.causes.overfitting import ALIKE, METRICS
from whynet.doctor.examination import Examination
from whynet.doctor.facts.generalisation import generalisation
from whynet.doctor.rates import settings
from whynet.doctor.surgery import with_dropout, with_penalty
from whynet.registry import register
from whynet.text import Text


@register(
    "cause",
    year=1992,
    source="Krogh and Hertz, A simple weight decay can improve generalization (1992)",
    en="There are more weights than examples and nothing keeps them small, so training examples are fitted far better than others.",
    ko="가중치가 예제보다 많은데 억제하는 것이 없어, 학습 예제만 다른 예제보다 훨씬 잘 맞춘다.",
)
class MissingRegularization(Cause):
    """A gap between the metrics, more weights than examples, and neither dropout nor penalty nor early stopping nor batch norm.

    With more weights than examples there is a whole family of networks that fit the training examples (Krogh and Hertz 1992), and
    without a penalty nothing chooses among them. Where the held-out loss has turned, or the training examples are known by
    heart, that is overfitting; this speaks where training has gone neither so long nor so far, so that time is not to blame.
    """

    name = "missing-regularization"
    title = Text("no regularisation", "없는 정규화(regularisation)")
    explanation = Text(
        "Many different networks fit the same few examples. A penalty or dropout prefers the plain ones, which hold for other "
        "examples too; without either, training takes whichever is nearest.",
        "적은 예제에 들어맞는 네트워크는 여럿이다. 벌점이나 드롭아웃은 그 가운데 다른 예제에도 통하는 단순한 것을 고르게 한다. "
        "둘 다 없으면 학습은 가장 가까운 것을 고른다.",
    )
    place = "rule"
    follows = ("validation-split-not-shuffled", "train-test-preprocessing-mismatch")  # a gap between unlike sets is theirs
    question = "weight-decay"

    def look(self, seen: Examination) -> Suspicion:
        found, network, recipe = generalisation(seen), seen.fitted.arm.network, seen.recipe
        if found is None:
            return Suspicion(self, [], 0.0)
        norms = any(isinstance(child, _NormBase) for child in network.module.modules())
        held = bool(
            network.rates or settings(recipe)[1].get("weight_decay") or recipe.early_stopping or recipe.keep == "best" or norms
        )
        many = network.size > len(seen.fitted.dataset.train)
        shown = Text("{a:.3g} and {b:.3g}", "{a:.3g}, {b:.3g}").fill(a=found.seen, b=found.held_out)
        size = _NUMBERS.fill(weights=network.size, examples=len(seen.fitted.dataset.train))
        evidence = [
            Evidence(METRICS, shown, ALIKE, "for" if found.gap else "against"),
            Evidence(_SIZE, size, _FEWER, "for" if many else "against"),
            Evidence(_HELD, _YES if held else _NO, _SOME, "against" if held else "for"),
        ]
        likely = found.gap and many and not held and not found.turned and not found.memorised
        return Suspicion(self, evidence if likely else set_aside(evidence), 0.8 if likely else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        name = Text("weight decay {v:g}", "가중치 감쇠(weight decay) {v:g}")
        decays = [
            Remedy(name.fill(v=v), lambda r, v=v: with_penalty(r, v))  # type: ignore[misc]
            for v in (0.01, 0.1)
        ]
        return [*decays, Remedy(Text("dropout 0.5", "드롭아웃(dropout) 0.5"), lambda r: with_dropout(r, 0.5))]


_SIZE = Text("weights and training examples", "가중치의 수와 학습 예제의 수")
_NUMBERS = Text("{weights:,} and {examples:,}", "{weights:,}, {examples:,}")
_FEWER = Text("fewer weights, or something that holds them back", "가중치가 더 적거나 억제하는 것이 있음")
_HELD = Text("dropout, penalty, batch norm or early stopping", "드롭아웃, 벌점, 배치 정규화, 조기 종료")
_YES, _NO, _SOME = Text("there is", "있음"), Text("none", "없음"), Text("some", "있음")
