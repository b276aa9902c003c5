"""The optimizer was not given the parameters of the model."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import LIKELY, POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.hidden import hidden_parts, never_moved
from whynet.doctor.loop import Loop, fresh_parameters, hold
from whynet.doctor.replay import Manner
from whynet.text import Text


@wiring_fault(
    year=2019,
    source="PyTorch documentation of torch.optim: parameters are those given when the optimizer is made",
    en="The optimizer does not hold all parameters that learn, so some never move.",
    ko="옵티마이저(optimizer)가 학습할 파라미터를 다 갖고 있지 않아 일부가 움직이지 않는다.",
)
class OptimizerMissesParameters(Fault):
    """A parameter asks for a gradient, gets one, and is in no optimizer that took a step.

    Proved where the optimizer holds none of the model's parameters, or where a parameter it lacks still holds what torch's
    initialisation drew (its values within ±1/√n and spread as a uniform draw: trained weights leave that bound), for no one means to keep
    random weights. Trained weights that the optimizer lacks are fine-tuning of the rest, and are only mentioned. All optimizers that step
    are counted, so a model trained by two is not accused.

    ``model.parameters()`` does not know of layers in a plain list, tuple or dictionary. Those that got a gradient, are in no optimizer, and
    at the end are to the bit what they were at the start are proved under the same condition, that they are as random as torch made them,
    or bare parameters; bare tensors that ask for a gradient are a suspicion. A trained network that a model hides in a list on purpose
    (to measure a loss by, say) is neither random nor accused, and one that is asked for no gradient gets none.
    """

    name = "optimizer-misses-parameters"
    title = Text("optimizer without the model's parameters", "모델의 파라미터가 빠진 옵티마이저")
    explanation = Text(
        "An optimizer moves the parameters it was given when it was made, and no others: a model made anew afterwards, or a layer kept in "
        "a plain list, is not among them. Its weights keep their first values.",
        "옵티마이저는 만들 때 받은 파라미터만 움직인다. 나중에 새로 만든 모델이나 파이썬 리스트에 넣어 둔 층은 거기에 없어서 "
        "가중치가 처음 값 그대로 남는다.",
    )
    place = "rule"

    def notice(self, loop: Loop) -> Suspicion:
        for optimizer in loop.optimizers:
            hold(loop, optimizer)  # groups may have been added since it was made
        out_of_sight = _out_of_sight(loop)
        if out_of_sight:
            names = sorted(out_of_sight)
            evidence = [Evidence(_HIDDEN, _LIST.fill(n=len(names), names=few(names)), _NO, "for")]
            return self.held(evidence, max(out_of_sight.values()))
        if not loop.trainable:
            return self.nothing()
        graded = loop.graded if loop.watched_grades else set(loop.trainable)
        missed = sorted((loop.trainable & graded) - loop.held)
        if not loop.held and loop.foreign:
            return self.held([Evidence(_HELD, _NONE_OF.fill(n=loop.foreign), _ALL, "for")], PROVED)
        if not missed:
            return self.held([Evidence(_MISSED, _NO, _NO, "against")], 0.0)
        random = [name for name in missed if name in loop.fresh]
        evidence = [Evidence(_MISSED, _LIST.fill(n=len(missed), names=few(missed)), _NO, "for" if random else "neither")]
        if random:
            evidence.append(Evidence(_RANDOM, _LIST.fill(n=len(random), names=few(random)), _NO, "for"))
        return self.held(evidence, PROVED if random else POSSIBLE)

    def mended(self, loop: Loop, manner: Manner) -> Manner | None:
        return replace(manner, everything=True) if loop.recorder.settings and not _out_of_sight(loop) else None

    def mend(self, loop: Loop) -> Mend:
        hidden = sorted(_out_of_sight(loop))
        if hidden:
            path = hidden[0].partition("[")[0]
            owner, _, name = path.rpartition(".")
            bare = isinstance(dict(hidden_parts(loop.module)).get(hidden[0]), Tensor)
            kind, held = ("Dict", "{…}") if isinstance(vars(loop.module.get_submodule(owner))[name], dict) else ("List", "[…]")
            known = f"nn.{'Parameter' if bare else 'Module'}{kind}({held})"
            return Mend(_KNOWN, (f"- self.{name} = {held}", f"+ self.{name} = {known}"))
        kind = type(loop.optimizers[0]).__name__ if loop.optimizers else "SGD"
        return Mend(_MEND, (f"+ optimizer = torch.optim.{kind}(model.parameters(), …)  # after the model is complete",))


def few(names: list[str]) -> str:
    """The first of many names."""
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def _out_of_sight(loop: Loop) -> dict[str, float]:
    """Parameters in plain containers that should move and cannot, each with how sure that is."""
    if not loop.hidden or not loop.optimizers:
        return {}
    found = never_moved(loop.module, loop.hidden, loop.held_by_key)
    random = {
        f"{name}.{inner}"
        for name, part in hidden_parts(loop.module)
        if isinstance(part, nn.Module)
        for inner in fresh_parameters(part)
    }
    bare = {name for name, part in hidden_parts(loop.module) if isinstance(part, Tensor)}
    return {
        name: PROVED if name in random or isinstance(value, nn.Parameter) else LIKELY
        for name, value in found.items()
        if name in random | bare
    }


_KNOWN = Text("let the model know of its layers", "모델이 자기 층을 알게 한다")
_HIDDEN = Text(
    "parameters in a plain list or dictionary that get a gradient and never move",
    "파이썬 리스트나 딕셔너리에 들어 있어 기울기를 받아도 움직이지 않는 파라미터",
)
_HELD = Text("parameters of the model that the optimizer holds", "옵티마이저가 갖고 있는 모델의 파라미터")
_NONE_OF = Text("none; its {n} are those of something else", "없음. 갖고 있는 {n}개는 다른 것의 파라미터다")
_ALL = Text("all that learn", "학습하는 것 모두")
_MISSED = Text("parameters with a gradient that no optimizer moves", "기울기를 받지만 어느 옵티마이저도 움직이지 않는 파라미터")
_RANDOM = Text("of them, still as random as torch made them", "그 가운데 torch가 처음 만든 무작위 값 그대로인 것")
_LIST = Text("{n}: {names}", "{n}개: {names}")
_NO = Text("none", "없음")
_MEND = Text(
    "give the optimizer all parameters, once the model is complete", "모델을 완성한 뒤 모든 파라미터를 옵티마이저에 준다"
)
