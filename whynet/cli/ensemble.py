"""``whynet ensemble``: many networks of one recipe, and what they are worth together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from whynet.cli.app import StoppedError
from whynet.cli.meter import meter
from whynet.cli.outcome import METRICS, chance
from whynet.cli.plan import DeviceOption, FastOption, WorkersOption, processes, tier_of
from whynet.cli.screen import Cell, as_json, head, metric_spark, metric_text, pairs, say, seconds, table
from whynet.cli.settings import Data, Model, Settings
from whynet.cli.verb import option, verb
from whynet.registry import Range
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.experiment.ensemble import Ensemble
    from whynet.experiment.statistics import Interval


@verb(
    "Train many networks of one recipe and let them answer together.",
    "한 레시피(recipe)의 네트워크 여럿을 학습해 함께 답하게 한다.",
    place=25,
    examples=[
        "whynet ensemble digits 'mlp(widths=[8])' --members 5 --epochs 3",
        "whynet ensemble iris 'mlp(widths=[4])' --method boosting --members 4 --epochs 5",
    ],
    more=Text(
        "bagging gives each network a bootstrap sample of the training set; seeds lets them differ by their initial weights alone; "
        "boosting trains one after another, each on what those before got wrong (SAMME, classes only). All are judged on one test set. "
        "The intervals of the score and of the gain are over other test examples, that of a single network over its draws.",
        "bagging은 네트워크마다 훈련 세트의 부트스트랩(bootstrap) 표본을 주고, seeds는 처음 가중치만 다르게 하며, boosting은 앞의 "
        "것들이 틀린 예제를 차례로 배우게 한다(SAMME, 분류만). 모두 같은 테스트 세트로 평가한다. 점수와 이득의 구간은 다른 테스트 "
        "예제에 대한 것이고, 네트워크 하나의 구간은 무작위 추출에 대한 것이다.",
    ),
)
def ensemble(
    data: Data,
    settings: Settings,
    model: Model = "mlp",
    method: Annotated[
        Literal["bagging", "boosting", "seeds"], option("how the networks differ", "네트워크들이 서로 다른 방식")
    ] = "bagging",
    members: Annotated[int, Range(least=2, most=1000), option("how many networks", "네트워크의 수")] = 10,
    workers: WorkersOption = None,
    fast: FastOption = False,
    device: DeviceOption = "auto",
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train the members, print what each reaches alone and all together. 1 where one of them diverged."""
    from whynet.experiment.ensemble import ensemble as run

    recipe = settings.recipe(data, model)
    try:
        with meter() as listen:
            made = run(
                recipe, method, members, listen=listen, workers=processes(workers), tier=tier_of(fast), device=device
            )  # fmt: skip
    except KeyboardInterrupt:
        raise StoppedError(_LOST) from None
    as_json(made.to_dict()) if json else report(made)
    return 1 if any(member.outcome.status == "diverged" for member in made.members) else None


def report(made: Ensemble) -> None:
    """The score together and alone, the gain, and how the score grows with the members."""
    from whynet.experiment.ensemble import METHODS

    metric = made.metric
    pairs([(_METHOD, METHODS[made.method]), (_CHANCE, chance(made.task))])
    say()
    columns: list[Cell] = ["", Text("{metric} [95 %]", "{metric} [95 %]").fill(metric=METRICS.get(metric, metric))]
    rows: list[list[Cell]] = [
        [_TOGETHER.fill(n=len(made.members)), _span(made.interval, metric)],
        [_ALONE, _span(made.average, metric)],
    ]
    table(columns, rows)
    say()
    say(made.verdict, style="bold")
    if made.notes:
        head(_NOTES)
        for note in made.notes:
            say(f"- {note}")
    head(_GROWTH)
    say(f"{metric_spark(made.growth, metric)}  {metric_text(made.growth[0], metric)} → {metric_text(made.growth[-1], metric)}")
    say()
    say(_TOOK.fill(n=len(made.members), time=seconds(made.seconds)))


def _span(one: Interval, metric: str) -> str:
    mean, low, high = (metric_text(value, metric) for value in (one.mean, one.low, one.high))
    return f"{mean} [{low}, {high}]" if one.known else mean


_METHOD = Text("networks that differ by", "네트워크들의 차이")
_CHANCE = Text("chance", "우연 수준(chance)")
_TOGETHER = Text("{n} networks together", "네트워크 {n}개가 함께")
_ALONE = Text("one alone, on average", "하나일 때의 평균")
_NOTES = Text("To know", "알아 둘 것")
_GROWTH = Text("Test score of the first 1, 2, … of them together", "앞에서부터 1개, 2개, …를 합친 테스트 점수")
_TOOK = Text("{n} networks in {time}.", "네트워크 {n}개, {time}.")
_LOST = Text("Interrupted. Nothing of an ensemble is kept.", "중단했다. 앙상블(ensemble)은 저장하지 않는다.")
