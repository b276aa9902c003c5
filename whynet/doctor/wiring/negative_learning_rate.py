"""The learning rate is below zero."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.text import Text, plain


@wiring_fault(
    year=1847,
    source="Cauchy, Méthode générale pour la résolution des systèmes d'équations simultanées (1847)",
    en="A learning rate below zero turns descent into ascent.",
    ko="학습률(learning rate)이 0보다 작으면 하강이 상승이 된다.",
)
class NegativeLearningRate(Fault):
    """η < 0 in w ← w − η g. Proved by the rate the optimizer held when it stepped; schedules that pass zero are the usual way there."""

    name = "negative-learning-rate"
    title = Text("negative learning rate", "음수 학습률")
    explanation = Text(
        "torch.optim refuses a negative rate when an optimizer is made, but not one that a schedule or a line of one's own sets later. "
        "From then on every step climbs.",
        "torch.optim은 옵티마이저를 만들 때 음수 학습률을 거부하지만, 나중에 스케줄(schedule)이나 직접 쓴 코드가 넣는 것은 막지 않는다. "
        "그때부터 걸음마다 손실이 커진다.",
    )
    place = "rate"

    def notice(self, loop: Loop) -> Suspicion:
        rates = [float(group["lr"]) for optimizer in loop.optimizers for group in optimizer.param_groups if "lr" in group]
        if loop.negative_rates:
            step, lowest = loop.negative_rates[0][0], min(rate for _, rate in loop.negative_rates)
            return self.held([Evidence(_RATE, _SINCE.fill(rate=lowest, step=step), _POSITIVE, "for")], PROVED)
        if not rates:
            return self.nothing()
        guilty = min(rates) < 0
        return self.held(
            [Evidence(_RATE, plain(f"{min(rates):g}"), _POSITIVE, "for" if guilty else "against")], PROVED if guilty else 0.0
        )

    def mend(self, loop: Loop) -> Mend:
        lowest = min((rate for _, rate in loop.negative_rates), default=-0.01)
        return Mend(_MEND, (f"- group['lr'] = {lowest:g}", f"+ group['lr'] = {-lowest:g}"))


_RATE = Text("lowest learning rate", "가장 작은 학습률")
_SINCE = Text("{rate:g}, from step {step} on", "{step} 스텝부터 {rate:g}")
_POSITIVE = Text("above 0", "0 초과")
_MEND = Text("keep the learning rate above zero", "학습률을 0보다 크게 한다")
