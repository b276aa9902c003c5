"""The way back from the loss is cut."""

from __future__ import annotations

from whynet.doctor.cause import Evidence, Suspicion
from whynet.doctor.fault import POSSIBLE, PROVED, Fault, Mend, wiring_fault
from whynet.doctor.loop import Loop
from whynet.doctor.wiring.optimizer_misses_parameters import few
from whynet.text import Text

NO_GRAPH = "does not require grad"  # what torch says when there is no way back at all


@wiring_fault(
    year=2019,
    source="PyTorch documentation of autograd: detach, no_grad, .item() and .numpy() leave the graph",
    en="Something between the loss and the weights leaves the graph, so no gradient arrives.",
    ko="손실과 가중치 사이에서 무언가가 그래프를 벗어나 기울기가 도달하지 않는다.",
)
class DetachedGraph(Fault):
    """A layer took part in the forward pass, asks for a gradient, and its ``.grad`` is None after every backward pass.

    ``.grad`` is None, not small, exactly where autograd found no path (a vanished gradient is a tensor of small numbers). Proved where
    the layers cut off still hold what torch's initialisation drew, or where nothing is connected: the outputs know no graph, or
    torch refused the backward pass for that reason. Trained layers run under ``no_grad`` on purpose are features that are reused.
    """

    name = "detached-graph"
    title = Text("detached graph", "끊긴 그래프")
    explanation = Text(
        "detach(), .data, .item(), .numpy(), torch.tensor(…) of a tensor, argmax and no_grad all hand on the numbers and forget where they "
        "came from. What lies before them gets no gradient and never learns.",
        "detach(), .data, .item(), .numpy(), 텐서에 다시 쓴 torch.tensor(…), argmax, no_grad는 수만 넘기고 어디서 왔는지는 잊는다. "
        "그 앞에 있는 것은 기울기를 받지 못해 배우지 못한다.",
    )
    place = "network"

    def notice(self, loop: Loop) -> Suspicion:
        if not loop.trainable:
            return self.nothing()
        refused = loop.error is not None and NO_GRAPH in str(loop.error)
        if refused or (loop.without_graph and not loop.with_graph):
            told = _REFUSED if refused else _NO_GRAPH
            return self.held([Evidence(_PATH, told, _YES, "for")], PROVED)
        if not loop.watched_grades or not loop.called:
            return self.nothing()
        cut = sorted(name for name in loop.trainable - loop.graded if loop.owners[name] in loop.called)
        if not cut:
            return self.held([Evidence(_CUT, _NO, _NO, "against")], 0.0)
        random = any(name in loop.fresh for name in cut)
        seen = _LIST.fill(n=len(cut), names=few(cut))
        return self.held([Evidence(_CUT, seen, _NO, "for" if random else "neither")], PROVED if random else POSSIBLE)

    def mend(self, loop: Loop) -> Mend:
        return Mend(_MEND, ("- hidden = layer(x).detach()", "+ hidden = layer(x)"))


_PATH = Text("a path from the loss back to the weights", "손실에서 가중치로 돌아가는 길")
_REFUSED = Text("none: torch refused the backward pass", "없음: torch가 역전파를 거부했다")
_NO_GRAPH = Text("none: the outputs know no graph", "없음: 출력이 그래프를 모른다")
_YES = Text("there is one", "있음")
_CUT = Text("parameters that were used and got no gradient at all", "쓰였지만 기울기를 전혀 받지 못한 파라미터")
_LIST = Text("{n}: {names}", "{n}개: {names}")
_NO = Text("none", "없음")
_MEND = Text("keep the graph from the weights to the loss", "가중치에서 손실까지 그래프를 잇는다")
