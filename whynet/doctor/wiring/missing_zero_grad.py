"""The gradient is never cleared."""

from __future__ import annotations

from dataclasses import replace

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.text import Text

OFTEN = 0.5  # share of steps from which on it is no slip


@wiring_fault(
    year=2019,
    source="PyTorch documentation: gradients accumulate until zero_grad",
    en="The gradient is never cleared, so every step repeats all the steps before it.",
    ko="기울기(gradient)를 지우지 않아 스텝마다 앞의 모든 스텝을 되풀이한다.",
)
class MissingZeroGrad(Fault):
    """A step's gradient still holds one that a step was already taken with: g_t + g_{t-1} + … instead of g_t.

    Proved by what lies in ``.grad`` of one parameter as each backward pass arrives: if a step was taken since the last and it holds
    anything but zeros, the next step uses it again. Several backward passes between two steps (gradient accumulation) clear it after
    each step and are not accused; nor is a model that another's loss passes through (a GAN), as long as it is cleared before its
    own step. Steps that carry old gradient in at least half of the cases count; clearing once per epoch is the same fault.
    """

    name = "missing-zero-grad"
    title = Text("gradient never cleared", "지우지 않은 기울기")
    explanation = Text(
        "PyTorch adds each new gradient to what lies in .grad. Without zero_grad every step also follows all gradients before it, "
        "like a momentum that never fades: the weights overshoot and swing.",
        "PyTorch는 새 기울기를 .grad에 있던 것에 더한다. zero_grad가 없으면 스텝마다 앞의 기울기까지 모두 따라가서, "
        "줄어들지 않는 모멘텀(momentum)처럼 가중치가 지나치고 흔들린다.",
    )
    place = "rule"
    needs_steps = True

    def notice(self, loop: Loop) -> Suspicion:
        if not loop.checked:
            return self.nothing()
        share = loop.carried / loop.checked
        seen = _SEEN.fill(carried=loop.carried, n=loop.checked)
        guilty = share >= OFTEN
        return self.held([Evidence(_WHAT, seen, _NONE, "for" if guilty else "against")], PROVED if guilty else 0.0)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, clears=True) if not manner.clears else None

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("+ optimizer.zero_grad()", "  loss.backward()", "  optimizer.step()"))


_WHAT = Text("steps whose gradient still held that of the step before", "앞 스텝의 기울기가 그대로 남아 있던 스텝")
_SEEN = Text("{carried} of {n}", "{n} 스텝 가운데 {carried}")
_NONE = Text("none", "없음")
_MEND = Text("clear the gradient before each backward pass", "역전파 전에 기울기를 지운다")
