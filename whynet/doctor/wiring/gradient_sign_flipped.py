"""The weights climb the loss."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Speaks, Suspicion
from whynet.doctor.fault import LIKELY, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.tracing import LOSSES
from whynet.text import Text, plain

UPHILL = 0.1  # cosine of update and gradient: weight decay, at a right angle to the gradient on the average, stays below
MOSTLY = 0.75  # of the watched steps
SAME = 1.001  # a factor that varies more may be a reward
ROSE = 1.05  # times the loss at the start


@wiring_fault(
    year=1847,
    source="Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées (1847)",
    en="The weights move along the gradient in place of against it, so the loss grows.",
    ko="가중치가 기울기(gradient)의 반대가 아니라 그 방향으로 움직여 손실이 커진다.",
)
class GradientSignFlipped(Fault):
    """⟨Δw, ∇L⟩ > 0 from the first step on, or −L is what is sent back.

    The first step of gradient descent, momentum, Adam and their kin is −η D g with a positive diagonal D, so its inner product with g is
    negative (later, momentum may carry uphill for a while). Proved where the cosine is above 0.1 at the first watched step and at three
    quarters of all, and the rate is not negative (which has a name of its own) nor ``maximize`` asked for without a known loss. The
    opposite of a torch loss sent back is proved where that loss grew by more than a twentieth; else a suspicion, for networks that
    work against each other do that on purpose.

    A loss written by hand that lacks its minus is proved where, on three quarters of the watched steps, what was sent back is the
    log-probability that the outputs give to classes not drawn from them, with nothing but picking, sums, means and one positive factor
    between. A product with an advantage, a term beside it, or a step that climbs (``maximize=True``) is right so, or may be.
    """

    name = "gradient-sign-flipped"
    title = Text("sign of the gradient flipped", "부호가 뒤집힌 기울기")
    explanation = Text(
        "The gradient points where the loss grows fastest. Stepping along it, or handing backward the loss with a minus, makes the network "
        "worse with every step.",
        "기울기는 손실이 가장 빨리 커지는 방향이다. 그 방향으로 걷거나 손실에 음의 부호를 붙여 역전파하면 스텝마다 네트워크가 나빠진다.",
    )
    place = "rule"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        if not loop.along and not loop.negated and not loop.likelihoods:
            return self.nothing()
        evidence, strength = [], 0.0
        bare = _without_minus(loop)
        known = any(call.name in LOSSES for call in loop.training_calls)
        if loop.along and not loop.negative_rates:
            share = sum(c > 0 for c in loop.along) / len(loop.along)
            uphill = loop.along[0] > UPHILL and share >= MOSTLY
            speaks: Speaks = "against" if not uphill else "neither" if bare else "for"
            evidence.append(Evidence(_COSINE, plain(f"{loop.along[0]:+.2f}"), _NEGATIVE, speaks))
            if bare:  # of two that turn the way round, one rights the other
                strength = PROVED if loop.along[0] < 0 else 0.0
            elif uphill:
                strength = LIKELY if loop.maximizes and not known else PROVED
        if bare:
            speaks = "for" if strength else "neither"
            evidence.append(Evidence(_SENT, _LIKELIHOOD.fill(n=len(loop.likelihoods)), _MINUS, speaks))
        if loop.negated:
            losses = [call.value for call in loop.training_calls]
            grew = len(losses) >= 2 and losses[-1] > ROSE * losses[0]
            evidence.append(Evidence(_SENT, _OPPOSITE.fill(n=len(loop.negated)), _LOSS, "for"))
            if len(losses) >= 2:
                evidence.append(
                    Evidence(_COURSE, _FROM_TO.fill(first=losses[0], last=losses[-1]), _FALLS, "for" if grew else "neither")
                )
            strength = max(strength, PROVED if grew else LIKELY)
        return self.held(evidence, strength)

    def mend(self, loop: Loop) -> Mend:
        if loop.negated:
            return Mend(_MEND, ("- (-loss).backward()", "+ loss.backward()"))
        if _without_minus(loop):
            picked = "log_p[range(len(y)), y].mean()"
            return Mend(_MEND, (f"- loss = {picked}", f"+ loss = -{picked}"))
        if loop.maximizes:
            return Mend(
                _MEND,
                (
                    "- optimizer = SGD(model.parameters(), lr=0.1, maximize=True)",
                    "+ optimizer = SGD(model.parameters(), lr=0.1)",
                ),
            )
        return Mend(_MEND, ("- w += lr * w.grad", "+ w -= lr * w.grad"))


def _without_minus(loop: Loop) -> bool:
    """Whether log-probabilities of the targets were what was minimised, nearly always and with one and the same factor."""
    factors = [factor for _, factor in loop.likelihoods]
    if not factors or len(factors) < MOSTLY * len(loop.losses) or loop.negative_rates:
        return False
    return max(factors) <= SAME * min(factors)


_LIKELIHOOD = Text("the log-probability of the targets, on {n} steps", "{n} 스텝에서 정답의 로그 확률")
_MINUS = Text("minus the log-probability", "음의 로그 확률")
_COSINE = Text("cosine of the first update with the gradient", "첫 갱신과 기울기 사이의 코사인")
_NEGATIVE = Text("below 0", "0 미만")
_SENT = Text("what was sent back", "역전파한 것")
_OPPOSITE = Text("minus the loss, on {n} steps", "{n} 스텝에서 음의 손실")
_LOSS = Text("the loss", "손실")
_COURSE = Text("the loss from start to end", "처음과 끝의 손실")
_FROM_TO = Text("{first:.3g} to {last:.3g}", "{first:.3g}에서 {last:.3g}")
_FALLS = Text("lower at the end", "끝에서 더 작음")
_MEND = Text("step against the gradient of the loss", "손실의 기울기 반대쪽으로 걷는다")
