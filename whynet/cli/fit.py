"""``whynet fit``: train a network and say what it reached, against chance."""

from __future__ import annotations

import time
from typing import Annotated

from whynet.cli.folds import cross_validate
from whynet.cli.keeping import FOLDER, StoreOption, Trained, command, follow_silently, open_store, train
from whynet.cli.outcome import announce, learned, report, summary
from whynet.cli.plan import DeviceOption, FastOption, tier_of
from whynet.cli.progress import Watcher
from whynet.cli.resume import resume
from whynet.cli.screen import as_json, head, say, verbatim
from whynet.cli.settings import DATA, Model, Settings
from whynet.cli.usage import UsageError
from whynet.cli.verb import option, verb
from whynet.registry import Range
from whynet.text import Text


@verb(
    "Train a network, watch it learn, and keep the run.",
    "네트워크를 학습하고, 배우는 과정을 보여 주고, 런(run)을 저장한다.",
    place=10,
    examples=[
        "whynet fit digits mlp --epochs 5",
        "whynet fit spirals 'mlp(widths=[32, 32], activation=tanh)' --optimizer 'sgd(lr=0.1)' --epochs 10",
        "whynet fit iris mlp --folds 5 --epochs 10",
    ],
)
def fit(
    settings: Settings,
    data: Annotated[str | None, DATA] = None,
    model: Model = "mlp",
    folds: Annotated[
        int | None, Range(least=2), option("cross-validate with so many folds", "K겹 교차 검증(cross-validation)", metavar="K")
    ] = None,
    resume_run: Annotated[
        str | None,
        option("go on with an interrupted run", "중단된 런(run)을 이어서 학습한다", metavar="RUN", names=("--resume",)),
    ] = None,
    store: StoreOption = FOLDER,
    no_store: Annotated[bool, option("keep nothing", "아무것도 저장하지 않는다")] = False,
    fast: FastOption = False,
    device: DeviceOption = "auto",
    json: Annotated[bool, option("print the result as JSON", "결과를 JSON으로 출력한다")] = False,
) -> int | None:
    """Train and report. 1 where the loss stopped being a number."""
    if resume_run is not None:
        return resume(resume_run, store, device, json)
    if data is None:
        raise UsageError(_NO_DATA)
    from whynet.engine.arm import prepare
    from whynet.engine.device import use_device
    from whynet.engine.parallel import launched, leads, together

    recipe, where = settings.recipe(data, model, store), None if no_store else store
    if where is not None:
        open_store(where)  # raises before anything is said, let alone trained
    if folds is not None:
        if launched() > 1:
            raise UsageError(_FOLDS)
        with use_device(device):
            return cross_validate(recipe, folds, where, json)
    with use_device(device), together() as ranks:
        arm = prepare(recipe)
        if not leads():  # the first process speaks for all
            return 1 if follow_silently(arm, tier_of(fast)).status == "diverged" else 0
        if not json:
            announce(arm)
            if ranks:
                say(_SHARED.fill(world=ranks.world))
                say()
        started = time.monotonic()
        with Watcher(arm.dataset.task.metric) as watcher:
            trained = train(arm, watcher, where, tier_of(fast))
        took = time.monotonic() - started
        if json:
            as_json(summary(trained.fitted, took, trained.run.id if trained.run else None))
        else:
            report(trained.fitted, took, trained.run.folder if trained.run else None)
            _next(trained, store, settings.command("why", data, model))
    return 1 if trained.fitted.outcome.status == "diverged" else 0


def _next(trained: Trained, store: str, why: str) -> None:
    """What to do now: look at it, and ask why where it did not learn."""
    lines = [] if learned(trained.fitted) else [why]
    lines += [command("show", trained.run.id, store)] if trained.run else []
    if lines:
        head(_NEXT)
    for line in lines:
        verbatim("  " + line)


_FOLDS = Text(
    "The processes of torchrun share one training, and --folds asks for several. Leave torchrun or --folds out.",
    "torchrun의 프로세스들은 학습 하나를 나누어 하는데 --folds는 여러 번 학습한다. torchrun이나 --folds를 뺀다.",
)
_SHARED = Text("{world} processes share every batch.", "프로세스 {world}개가 모든 배치를 나누어 학습한다.")
_NEXT = Text("Next", "다음에 할 일")
_NO_DATA = Text(
    "Expected DATA: a data set by name, a CSV file, or a folder of images. For example: whynet fit digits mlp --epochs 5",
    "DATA가 필요하다: 데이터셋 이름, CSV 파일, 또는 이미지 폴더. 예: whynet fit digits mlp --epochs 5",
)
