"""``whynet compare``: one factor, several values, several seeds, everything else paired."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whynet.cli.app import StoppedError
from whynet.cli.factor import read_factor
from whynet.cli.keeping import FOLDER, StoreOption, open_store, stopped_comparison
from whynet.cli.meter import meter
from whynet.cli.outcome import METRICS, chance
from whynet.cli.plan import DeviceOption, ExplainOption, FastOption, OnOption, WorkersOption, processes, tell, tier_of
from whynet.cli.screen import Cell, as_json, head, metric_spark, pairs, say, seconds, table, verbatim
from whynet.cli.settings import Data, Model, Settings
from whynet.cli.verb import option, verb
from whynet.registry import Range
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.experiment.compare import Comparison
    from whynet.experiment.statistics import Interval
    from whynet.runs.store import Store


@verb(
    "Compare values of one factor on several seeds, everything else equal.",
    "요인(factor) 하나의 여러 값을 여러 시드(seed)에서 비교한다. 나머지는 모두 같게 둔다.",
    place=20,
    examples=[
        "whynet compare digits mlp --factor model.activation=sigmoid,relu,tanh --seeds 5 --epochs 3",
        "whynet compare digits mlp --factor 'batch_size=16|256' --seeds 3 --epochs 2",
    ],
    more=Text(
        "A factor is a part (model, loss, optimizer), an option of one (model.activation, optimizer.lr) or a setting "
        "(batch_size, init, clip). The first value is the baseline. Where whole optimizers are compared, each one's learning rate "
        "is tuned first with the same budget.",
        "요인은 부품(model, loss, optimizer), 부품의 옵션(model.activation, optimizer.lr), 또는 설정(batch_size, init, clip)이다. "
        "첫 번째 값이 기준(baseline)이다. 옵티마이저(optimizer)를 통째로 비교할 때는 먼저 각각의 학습률을 같은 예산으로 조정한다.",
    ),
)
def compare(
    data: Data,
    settings: Settings,
    factor: Annotated[
        str,
        option(
            "what varies, and its values with commas or | between them",
            "바꿀 것과 그 값들. 값은 쉼표나 |로 나눈다",
            metavar="PATH=A,B",
        ),
    ],
    model: Model = "mlp",
    seeds: Annotated[int, Range(least=1), option("how many seeds each value is trained with", "값마다 학습할 시드의 수")] = 5,
    workers: WorkersOption = None,
    on: OnOption = None,
    fast: FastOption = False,
    device: DeviceOption = "auto",
    explain: ExplainOption = False,
    store: StoreOption = FOLDER,
    no_store: Annotated[bool, option("keep nothing", "아무것도 저장하지 않는다")] = False,
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train all arms, print the table and the verdict, and keep them with a report."""
    from whynet.engine.device import use_device
    from whynet.experiment.compare import compare as run

    recipe, values = settings.recipe(data, model, store), read_factor(factor)
    kept = None if no_store else open_store(store)
    which = range(recipe.seed, recipe.seed + seeds)
    try:
        with meter() as listen, use_device(device):
            made = run(
                recipe, values, which, listen=listen, workers=processes(workers), tier=tier_of(fast), on=on, store=kept
            )  # fmt: skip
    except KeyboardInterrupt as stop:
        raise (stopped_comparison(stop, store) if kept else StoppedError(_LOST)) from None
    tell_all(made, kept, json, explain)
    return None


def tell_all(made: Comparison, kept: Store | None, json: bool, explain: bool = False) -> None:
    """The result on the screen or as JSON, and a page that tells it beside what is kept."""
    page = _page(made, kept) if kept else None
    if json:
        as_json({**made.to_dict(), "report": page})
        return
    report(made)
    if explain and made.plan:
        tell(made.plan)
    if page:
        verbatim(str(_KEPT.fill(page=page)))


def _page(made: Comparison, store: Store) -> Path | None:
    """The page; none where there is no place for it, which is no reason to lose the numbers."""
    from whynet.errors import StoreError
    from whynet.report import html
    from whynet.report.comparison import comparison_report

    if made.kept is None:
        return None
    try:
        return store.add(made.kept.name, {"report.html": html(comparison_report(made)).encode()}) / "report.html"
    except StoreError as error:
        made.notes.append(error.message)
        return None


def report(made: Comparison) -> None:
    """A row for each level, the verdict, and what has to be known to read them."""
    n = len(made.seeds)
    pairs([(_FACTOR, ", ".join(made.paths)), (_SEEDS, f"{n}"), (_CHANCE, chance(made.task))])
    say()
    columns: list[Cell] = [
        _LEVEL,
        Text("{metric} [95 %]", "{metric} [95 %]").fill(metric=METRICS[made.metric]),
        _DIFFERENCE,
        "p",
    ]
    table(columns, [_row(made, i) for i in range(len(made.summaries))], right=(3,))
    say()
    pairs((row.level, row.verdict) for row in made.summaries if row.difference is not None)
    say()
    say(made.verdict, style="bold")
    if n < 2:
        say(_ONE_SEED)
    if made.notes:
        head(_NOTES)
        for note in made.notes:
            say(f"- {note}")
    head(_CURVES)
    pairs((name, metric_spark(list(arms[0].history.curve("validation")[1]), made.metric)) for name, arms in made.arms.items())
    say()
    say(_TOOK.fill(time=seconds(made.seconds), arms=sum(map(len, made.arms.values()))))


def _row(made: Comparison, i: int) -> list[Cell]:
    row = made.summaries[i]
    p = "" if row.adjusted_p is None else f"{row.adjusted_p:.3f}"
    difference = "" if row.difference is None else _span(row.difference, made.metric, "+")
    return [row.level, _span(row.mean, made.metric), difference, p]


def _span(one: Interval, metric: str, sign: str = "") -> str:
    """A mean and its 95 % interval; of a share in per cent, of a difference of shares in percentage points."""
    scale, digits, unit = (100, 1, " %p" if sign else " %") if metric == "accuracy" else (1, 3, "")
    mean, low, high = (f"{scale * value:{sign}.{digits}f}" for value in (one.mean, one.low, one.high))
    return f"{mean}{unit} [{low}, {high}]" if one.known else f"{mean}{unit}"


_FACTOR = Text("factor", "요인(factor)")
_SEEDS = Text("seeds", "시드(seed)")
_CHANCE = Text("chance", "우연 수준(chance)")
_LEVEL = Text("value", "값")
_DIFFERENCE = Text("difference, paired [95 %]", "짝지은 차이 [95 %]")
_NOTES = Text("To know", "알아 둘 것")
_CURVES = Text("Validation metric over training, first seed", "학습 중 검증 점수, 첫 번째 시드")
_ONE_SEED = Text(
    "One seed tells nothing of luck: use --seeds 5.",
    "시드가 하나면 운인지 알 수 없다: --seeds 5를 쓴다.",
)
_TOOK = Text("{arms} networks in {time}.", "네트워크 {arms}개, {time}.")
_LOST = Text(
    "Interrupted. Nothing was kept, as asked with --no-store.",
    "중단했다. --no-store이므로 남긴 것은 없다.",
)
_KEPT = Text("Kept with a report: {page}", "보고서와 함께 저장했다: {page}")
