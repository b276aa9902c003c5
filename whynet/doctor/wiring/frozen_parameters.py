"""Parameters that cannot learn: switched off while still random, or in no one's way forward."""

from __future__ import annotations

from dataclasses import replace

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.replay import Manner
from whynet.doctor.wiring.optimizer_misses_parameters import few
from whynet.text import Text


@wiring_fault(
    year=2014,
    source="Yosinski, Clune, Bengio and Lipson, How transferable are features in deep neural networks? (2014)",
    en="Parameters are frozen while they still are random, or take no part in the forward pass.",
    ko="아직 무작위인 파라미터가 얼어 있거나 순전파에 쓰이지 않는다.",
)
class FrozenParameters(Fault):
    """A parameter with ``requires_grad=False`` that still holds what torch's initialisation drew, or one that no forward pass uses.

    Freezing is right for trained weights (Yosinski et al. 2014): those leave the bound ±1/√n of torch's draw, and are not accused. Random
    weights that are frozen, or a whole model without a single parameter that learns, are proved. A parameter that asks for a gradient
    and gets none at any step, in a module that no forward pass called, is unused: that is proved as a fact, yet it does no harm where
    other layers do the work, so it is a suspicion; the layer may stand in ``__init__`` and be missing in ``forward``.
    """

    name = "frozen-parameters"
    title = Text("frozen or unused parameters", "얼어 있거나 쓰이지 않는 파라미터")
    explanation = Text(
        "A parameter learns only if it asks for a gradient and takes part in computing the output. Frozen while random, it hands on noise; "
        "left out of forward, it is not there.",
        "파라미터는 기울기를 요구하고 출력 계산에 참여해야 학습한다. 무작위인 채로 얼리면 잡음을 "
        "넘겨주고, forward에서 빠지면 없는 것과 같다.",
    )
    place = "network"

    def notice(self, loop: Loop) -> Suspicion:
        every = set(loop.owners)
        if not every:
            return self.nothing()
        frozen = sorted(every - loop.trainable)
        weights = [name for name in frozen if name in loop.fresh and _is_weight(loop, name)]
        unused = sorted(
            name for name in loop.trainable - loop.graded
            if loop.watched_grades and loop.owners[name] not in loop.called and loop.called and _has_hook(loop, name)
        )  # fmt: skip
        evidence, strength = [], 0.0
        if not loop.trainable:
            evidence.append(Evidence(_LEARN, _NO, _SOME, "for"))
            strength = PROVED
        if weights:
            evidence.append(Evidence(_RANDOM, _LIST.fill(n=len(weights), names=few(weights)), _NO, "for"))
            strength = PROVED
        elif frozen:
            evidence.append(Evidence(_FROZEN, _LIST.fill(n=len(frozen), names=few(frozen)), _TRAINED, "neither"))
            strength = max(strength, POSSIBLE / 2)
        if unused:
            evidence.append(Evidence(_UNUSED, _LIST.fill(n=len(unused), names=few(unused)), _NO, "for"))
            strength = max(strength, LIKELY)
        if not evidence:
            evidence.append(Evidence(_FROZEN, _NO, _NO, "against"))
        return self.held(evidence, strength)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, thawed=True, everything=True) if (set(loop.owners) - loop.trainable) & loop.fresh else None

    def mend(self, loop: Loop) -> Mend:
        frozen = sorted(set(loop.owners) - loop.trainable)
        if frozen:
            owner = loop.owners[frozen[0]] or "model"
            return Mend(_MEND, (f"- model.{owner}.requires_grad_(False)", f"+ model.{owner}.requires_grad_(True)"))
        unused = sorted(loop.owners[name] for name in loop.trainable - loop.graded)
        return Mend(_USE, (f"+ x = self.{unused[0] if unused else 'layer'}(x)  # in forward",))


def _is_weight(loop: Loop, name: str) -> bool:
    parameter = dict(loop.module.named_parameters()).get(name)
    return parameter is not None and parameter.ndim >= 2


def _has_hook(loop: Loop, name: str) -> bool:
    """Whether a call of the owner would have been seen: it is a layer without layers of its own, and not used by its weight alone."""
    owner = loop.module.get_submodule(loop.owners[name])
    return owner is not loop.module and not list(owner.children())


_LEARN = Text("parameters that ask for a gradient", "기울기를 요구하는 파라미터")
_SOME = Text("at least some", "적어도 몇 개")
_RANDOM = Text("frozen weights that still are as random as torch made them", "torch가 만든 무작위 값 그대로 얼어 있는 가중치")
_FROZEN = Text("frozen parameters", "얼어 있는 파라미터")
_TRAINED = Text("none, or trained ones", "없거나 이미 학습된 것")
_UNUSED = Text("parameters that no forward pass used", "어떤 순전파에도 쓰이지 않은 파라미터")
_LIST = Text("{n}: {names}", "{n}개: {names}")
_NO = Text("none", "없음")
_MEND = Text("let the random layers learn", "무작위인 층이 학습하게 한다")
_USE = Text("use the layer in forward, or take it out", "forward에서 그 층을 쓰거나 없앤다")
