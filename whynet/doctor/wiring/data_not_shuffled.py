"""Batches hold one class after the other."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.text import Text

CHANCE = 1e-9  # below which no shuffling made the batches
LEAST = 4  # steps


@wiring_fault(
    year=2012,
    source="Bengio, Practical recommendations for gradient-based training (2012), section 3.1; LeCun et al. (1998), section 4.1",
    en="The examples come sorted by class, so each step forgets what the one before learned.",
    ko="예제가 클래스순으로 나와 스텝마다 앞에서 배운 것을 잊는다.",
)
class DataNotShuffled(Fault):
    """The batches of the watched steps hold far fewer classes than batches drawn at random from the same labels would.

    For class shares p_k of all labels seen, a shuffled batch of B labels lacks class k with probability (1 - p_k)^B. The statistic is
    the number of pairs (batch, class) that are lacking; it is compared with its expectation μ under shuffling by Chernoff's bound P(X ≥
    x) ≤ exp(x - μ) (μ/x)^x, for indicators of lacking are negatively associated within a batch. Below 10⁻⁹ the order was not random; it
    is proved where besides half of the batches hold a single class. All labels of one step count together, so the halves of a GAN's
    step, each of one label, are no fault; nor is a task with one class, or order in time with numbers as targets.
    """

    name = "data-not-shuffled"
    title = Text("sorted, not shuffled", "섞지 않고 정렬된 데이터")
    explanation = Text(
        "A batch of one class pulls every weight towards answering that class. The next batch pulls all of it back, and what is right "
        "for the last class is all that remains.",
        "한 클래스만 든 배치는 모든 가중치를 그 클래스 쪽으로 당긴다. 다음 배치가 그것을 모두 되돌려 마지막 클래스에 맞는 것만 남는다.",
    )
    place = "data"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        batches = [torch.cat(parts) for parts in loop.labels.values() if parts]
        batches = [labels for labels in batches if len(labels) >= 4]
        if len(batches) < LEAST:
            return self.nothing()
        every = torch.cat(batches)
        classes, counts = every.unique(return_counts=True)
        if len(classes) < 2:
            return self.nothing()
        shares = (counts / counts.sum()).double()
        lacking, expected, single = 0, 0.0, 0
        for labels in batches:
            kinds = len(labels.unique())
            lacking += len(classes) - kinds
            single += kinds == 1
            expected += float(((1 - shares) ** len(labels)).sum())
        chance = _chance(lacking, expected)
        guilty = chance < CHANCE
        evidence = [
            Evidence(_LACKING, _COUNT.fill(seen=lacking), _ABOUT.fill(expected=expected), "for" if guilty else "against"),
            Evidence(
                _SINGLE,
                _OF.fill(single=single, n=len(batches)),
                _HARDLY,
                "for" if guilty and 2 * single > len(batches) else "neither",
            ),
        ]
        strength = (PROVED if 2 * single > len(batches) else LIKELY) if guilty else 0.0
        return self.held(evidence, strength)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, shuffled=True)

    def mend(self, loop: Loop) -> Mend:
        return Mend(
            _MEND, ("- loader = DataLoader(data, batch_size=64)", "+ loader = DataLoader(data, batch_size=64, shuffle=True)")
        )


def _chance(seen: float, expected: float) -> float:
    """Chernoff's bound on the probability of so many under shuffling."""
    if seen <= expected:
        return 1.0
    if expected <= 0:
        return 0.0
    return math.exp(max(-700.0, seen - expected + seen * math.log(expected / seen)))


_LACKING = Text("classes lacking from batches, in all", "배치에 없는 클래스의 수, 모두 합쳐")
_COUNT = Text("{seen}", "{seen}")
_ABOUT = Text("about {expected:.1f} if shuffled", "섞었다면 {expected:.1f}쯤")
_SINGLE = Text("batches of a single class", "클래스가 하나뿐인 배치")
_OF = Text("{single} of {n}", "{n}개 가운데 {single}개")
_HARDLY = Text("hardly any", "거의 없음")
_MEND = Text("shuffle the training data", "학습 데이터를 섞는다")
