"""The network is too small for the task: it cannot even fit the examples it has seen."""

from __future__ import annotations

from whynet.doctor.cause import WHOLE_EXAMPLES, Cause, Evidence, Remedy, Speaks, Suspicion, set_aside
from whynet.doctor.controls.ceiling import ceiling
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import at_start
from whynet.doctor.facts.train_score import train_score
from whynet.doctor.surgery import deeper, wider
from whynet.recipe import Recipe
from whynet.registry import register
from whynet.text import Text, plain

CLEAR = 0.05  # of the way from chance to what a simple model reaches
SETTLED, CRAWLING = 0.02, 0.1  # change of the loss over the last third of training
MOVED = 1.0  # length of all updates together over the length of the weights


@register(
    "cause",
    year=2016,
    source="Goodfellow, Bengio and Courville, Deep Learning, section 5.2 (2016); Zhang et al. (2017)",
    en="The network has too few units to fit even the examples it was trained on.",
    ko="유닛이 너무 적어 학습한 예제조차 맞추지 못한다.",
)
class LowCapacity(Cause):
    """Underfitting: the metric on the training examples stays below what nearest neighbours or trees reach on examples they never saw.

    With as many weights as there are answers to remember (examples times outputs) a network can fit anything (Zhang et al. 2017), which
    speaks against; with fewer weights than examples it has to find a rule that is simple enough for it. It counts only where the
    training has settled (the loss changes by less than 2 % over the last third; by less than a tenth where there are fewer weights than
    examples, for the few that there are crawl), the weights moved by their own length or more, and a linear model is not as good as
    any other: for that, no network that has its units is too small.
    """

    name = "low-capacity"
    title = Text("too small a network", "너무 작은 네트워크")
    explanation = Text(
        "A few units can draw a few bends. Where the task needs more, training settles on the best compromise and stays there, on the "
        "training examples as on new ones.",
        "유닛 몇 개로는 몇 번밖에 구부릴 수 없다. 과제에 더 필요하면 학습은 가장 나은 타협점에 머문다. 학습한 예제에서도 새 예제에서도.",
    )
    place = "network"
    tasks = WHOLE_EXAMPLES
    question = "depth-or-width"

    def look(self, seen: Examination) -> Suspicion:
        data, network = seen.fitted.dataset, seen.fitted.arm.network
        reached = train_score(seen)
        if seen.diverged or reached != reached:
            return Suspicion(self, [], 0.0)
        answers = len(data.train) * data.task.outputs
        size: Speaks = "for" if network.size < len(data.train) else "against" if network.size >= answers else "neither"
        sizes = Evidence(_SIZE, _NUMBERS.fill(weights=network.size, answers=answers), _AS_MANY, size)
        moved = seen.steps * max(seen.usual("update_ratio").values(), default=0.0) >= MOVED
        slope, _ = seen.end_slope
        settled = abs(slope) < (CRAWLING if size == "for" else SETTLED) and moved
        evidence = [sizes, Evidence(_SLOPE, plain(f"{slope:+.0%}"), _FLAT, "for" if settled else "neither")]
        if size == "against" or not settled:  # simple models are fitted only where they decide
            return Suspicion(self, set_aside(evidence), 0.0)
        most = ceiling(seen)
        misses = most.bent - reached > max(CLEAR * (most.bent - seen.chance), seen.noise / 3)
        fit: Speaks = "for" if misses else "against"
        evidence.insert(0, Evidence(_FIT, _BOTH.fill(own=reached, simple=most.bent), _NO_LESS, fit))
        straight = most.suffices or (not at_start(seen) and not most.bends)
        if not misses or straight:
            return Suspicion(self, set_aside(evidence), 0.0)
        return Suspicion(self, evidence, 0.8 if size == "for" else 0.4)

    def remedies(self, seen: Examination) -> list[Remedy]:
        def both(recipe: Recipe) -> Recipe | None:
            wide = wider(recipe, 8)
            return None if wide is None else deeper(wide)

        return [
            Remedy(Text("eight times the width", "너비를 여덟 배로"), lambda r: wider(r, 8)),
            Remedy(Text("one more hidden layer", "은닉층 하나 더"), deeper),
            Remedy(Text("eight times the width and one more layer", "너비를 여덟 배로, 은닉층 하나 더"), both, changes=2),
        ]


_FIT = Text(
    "the metric on the training examples, and that of simple models on held-out ones",
    "학습 예제에서 잰 지표와, 간단한 모델이 따로 둔 예제에서 낸 지표",
)
_BOTH = Text("{own:.2f} and {simple:.2f}", "{own:.2f}, {simple:.2f}")
_NO_LESS = Text("no less", "그 이상")
_SIZE = Text("weights, and answers to fit", "가중치의 수와 맞출 답의 수")
_NUMBERS = Text("{weights:,} and {answers:,}", "{weights:,}, {answers:,}")
_AS_MANY = Text("as many, or a simple rule", "그만큼, 또는 간단한 규칙")
_SLOPE = Text("change of the loss over the last third of training", "학습의 마지막 1/3 동안 손실의 변화")
_FLAT = Text("above -2 % where nothing more can be fitted", "더 맞출 수 없다면 -2 % 이상")
