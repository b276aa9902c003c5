"""The options that say where and how fast networks train, and the explanation of what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from whynet.cli.screen import head, say
from whynet.cli.verb import option
from whynet.registry import Range
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.engine.plan import Plan, Workers
    from whynet.engine.population import Tier

WorkersOption = Annotated[
    int | None,
    Range(least=0),
    option(
        "processes to train in, 0 for this one alone [as many as pay]",
        "학습에 쓸 프로세스의 수. 0이면 이 프로세스만 쓴다 [이득이 되는 만큼]",
        "N",
    ),
]
OnOption = Annotated[
    str | None,
    option(
        "train on a Ray cluster: ray for the running one or this machine's cores, or ray:HOST:PORT",
        "Ray 클러스터에서 학습한다. ray는 실행 중인 클러스터나 이 컴퓨터의 코어, 아니면 ray:HOST:PORT",
        "PLACE",
    ),
]
ExplainOption = Annotated[
    bool, option("say what trained together and where, and why", "무엇을 어디서 함께 학습했는지와 그 까닭을 보여 준다")
]
FastOption = Annotated[
    bool,
    option(
        "compile the steps where that pays; the last bits may differ from one time to the next",
        "이득이 될 때 스텝을 컴파일한다. 마지막 자릿수가 실행마다 다를 수 있다",
    ),
]
DeviceOption = Annotated[
    str,
    option(
        "where to compute: cpu, cuda, cuda:1 or mps [cuda where there is one, else mps, else cpu]",
        "계산할 장치(device): cpu, cuda, cuda:1, mps [cuda가 있으면 cuda, 아니면 mps, 아니면 cpu]",
        "DEVICE",
    ),
]


def tier_of(fast: bool) -> Tier:
    """The tier that was asked for."""
    return "fast" if fast else "auto"


def processes(workers: int | None) -> Workers:
    """What was asked for; as many as pay where nothing was."""
    return "auto" if workers is None else workers


def tell(plan: Plan) -> None:
    """The plan, a sentence a line."""
    head(_PLAN)
    for sentence in plan.explain():
        say(f"- {sentence}")


_PLAN = Text("How it was trained", "어떻게 학습했는가")
