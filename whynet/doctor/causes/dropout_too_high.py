"""So many units are left out at each step that what is left cannot do the task."""

from __future__ import annotations

import math

from torch.nn.modules.dropout import _DropoutNd

from whynet.doctor.cause import Cause, Evidence, Remedy, Speaks, Suspicion, set_aside
from whynet.doctor.examination import Examination
from whynet.doctor.facts.chain import passed
from whynet.doctor.facts.sample import sample
from whynet.doctor.surgery import with_dropout
from whynet.registry import register
from whynet.text import Text, plain

USUAL = 0.5  # between layers; of inputs 0.2
NOISY, ENOUGH = 1 / 3, 16  # noise over signal of what is handed on; units left on average
WORSE = 1.5  # training loss with dropout over that without


@register(
    "cause",
    year=2014,
    source="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout (2014)",
    en="Dropout leaves so few units at each step that what they say is mostly noise.",
    ko="드롭아웃(dropout)이 걸음마다 남기는 유닛이 너무 적어 그 답이 대부분 잡음이다.",
)
class DropoutTooHigh(Cause):
    """(1 - p) n units are left of n, and what they hand on has a noise of √(p / ((1 - p) n)) about its mean.

    p = 0.5 between layers is usual and 0.2 on inputs (Srivastava et al. 2014, section 7: n is to be raised as 1 / (1 - p)); more than
    that is a sign where it shows, the loss with dropout being above that of the same weights without it by half. A noise of a third of the
    signal and more is a sign whatever it shows (nine units at p = 0.5, eighty at p = 0.9): such a network may learn nothing at all, with
    dropout or without.
    """

    name = "dropout-too-high"
    title = Text("too much dropout", "너무 강한 드롭아웃(dropout)")
    explanation = Text(
        "Dropout switches off a share of the units at each step. If few are left, every step trains another tiny network, and none of them "
        "can do the task.",
        "드롭아웃은 걸음마다 유닛의 일부를 끈다. 남는 유닛이 적으면 걸음마다 다른 작은 네트워크를 학습하게 되고, "
        "그 가운데 어느 것도 과제를 해내지 못한다.",
    )
    place = "rule"
    question = "dropout"

    def look(self, seen: Examination) -> Suspicion:
        network = seen.fitted.arm.network
        steps = passed(network, network.initial, network.buffers, sample(seen)[0])
        drops = [
            (one.module.p, one.before.shape[1]) for one in steps if isinstance(one.module, _DropoutNd) and one.module.p > 0
        ]
        if not drops:
            return Suspicion(self, [], 0.0)
        highest, left = max(p for p, _ in drops), min((1 - p) * n for p, n in drops)
        noise = max(math.sqrt(p / max((1 - p) * n, 1e-9)) for p, n in drops)
        without = seen.fitted.history.final("train", "loss")
        worse = seen.end_loss / without if not seen.diverged and without > 0 else float("nan")
        shown = highest > USUAL and worse > WORSE
        speaks: Speaks = "for" if noise >= NOISY or shown else "against" if left >= ENOUGH and highest <= USUAL else "neither"
        evidence = [
            Evidence(_LEFT, _P.fill(p=highest, left=left), _MORE, speaks),
            Evidence(_LOSS, plain(f"{worse:.2g}"), _ONE, "for" if shown else "neither"),
        ]
        return Suspicion(self, evidence if speaks == "for" else set_aside(evidence), 0.8 if speaks == "for" else 0.0)

    def remedies(self, seen: Examination) -> list[Remedy]:
        return [
            Remedy(Text("dropout 0.2", "드롭아웃(dropout) 0.2"), lambda r: with_dropout(r, 0.2)),
            Remedy(Text("no dropout", "드롭아웃(dropout) 없이"), lambda r: with_dropout(r, 0.0)),
        ]


_LEFT = Text("share of units left out, and units that are left", "끄는 유닛의 비율과 남는 유닛의 수")
_P = Text("{p:.0%}, {left:.3g}", "{p:.0%}, {left:.3g}")
_MORE = Text("at most 50 %, at least 16", "50 % 이하, 16개 이상")
_LOSS = Text("training loss with dropout over that without", "드롭아웃을 켠 학습 손실을 끈 손실로 나눈 값")
_ONE = Text("about 1", "1쯤")
