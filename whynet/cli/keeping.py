"""Where runs are kept, and training into it so that an interruption can say what is safe."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from whynet.cli.app import StoppedError
from whynet.cli.progress import Watcher
from whynet.cli.verb import option
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.engine.arm import Arm
    from whynet.engine.events import Outcome
    from whynet.engine.fit import Fitted
    from whynet.engine.population import Tier
    from whynet.runs.run import Run
    from whynet.runs.store import Store

FOLDER = "runs"
EVERY = 5.0  # seconds between checkpoints
StoreOption = Annotated[
    str, option("folder, or database URL, that keeps the runs", "런(run)을 저장할 폴더나 데이터베이스 URL", metavar="DIR")
]


def open_store(where: str) -> Store:
    """The store at a folder or URL. Raises `StoreError`."""
    from whynet.runs.store import Store

    return Store(where)


def command(verb: str, run: str, store: str) -> str:
    """A command line about a run, to be copied."""
    return shlex.join(["whynet", verb, run, *(["--store", store] if store != FOLDER else [])])


@dataclass(frozen=True)
class Trained:
    """A training that ended, and its name in the store; None where it was not kept."""

    fitted: Fitted
    run: Run | None = None


def train(arm: Arm, watcher: Watcher, store: str | None, tier: Tier = "auto") -> Trained:
    """Train to the end, into the store where one is named.

    Raises `StoppedError` when interrupted, with what is kept and how to go on, and `StoreError`.
    """
    from dataclasses import replace

    from whynet.engine.fit import Fitted, all_probes, follow
    from whynet.engine.train import Watching
    from whynet.engine.train import train as events
    from whynet.runs.fit import record
    from whynet.runs.settings import write_settings

    watching = Watching(all_probes())
    if store is None:
        try:
            return Trained(Fitted(arm, follow(events([arm], watching, tier), watcher)[0]))
        except KeyboardInterrupt:
            raise StoppedError(_LOST.fill(step=watcher.step, total=watcher.total)) from None
    watching, kept = replace(watching, checkpoint_every=EVERY), open_store(store)
    recording = kept.begin(arm, write_settings(watching, tier), listen=watcher)
    try:
        run = record(kept, arm, recording, events([arm], watching, tier))
    except KeyboardInterrupt:
        raise stopped(watcher, recording.run_id, recording.done[0], store) from None
    return Trained(run.fitted, run)


def follow_silently(arm: Arm, tier: Tier = "auto") -> Outcome:
    """Train beside the first process of several, which alone prints and stores."""
    from whynet.engine.fit import all_probes, follow
    from whynet.engine.train import Watching
    from whynet.engine.train import train as events

    return follow(events([arm], Watching(all_probes()), tier))[0]


def stopped(watcher: Watcher, run: str, safe: int, store: str) -> StoppedError:
    """What is kept of an interrupted run."""
    words = _KEPT if safe else _BEGUN
    return StoppedError(
        words.fill(step=watcher.step, total=watcher.total, safe=safe, run=run, command=command("resume", run, store))
    )


def stopped_comparison(stop: KeyboardInterrupt, store: str) -> StoppedError:
    """How far an interrupted comparison came, and the command to go on with it."""
    from whynet.runs.underway import StoppedComparisonError

    if not isinstance(stop, StoppedComparisonError):
        return StoppedError()  # before there was anything to keep
    if not stop.is_written:
        return StoppedError(stop.message)
    words = {"run": stop.run, "step": stop.step, "total": stop.total, "ended": stop.ended, "arms": stop.arms}
    return StoppedError(_COMPARED.fill(command=command("resume", stop.run, store), **words))


_COMPARED = Text(
    "Interrupted: {ended} of {arms} networks had ended. Comparison {run} is kept up to {step} of {total} steps. To go on: {command}",
    "중단했다. 네트워크 {arms}개 가운데 {ended}개가 끝났다. 비교 {run:은} {total}스텝 가운데 {step}스텝까지 저장되어 있다. "
    "이어서 하려면: {command}",
)
_LOST = Text(
    "Interrupted at step {step} of {total}. Nothing was kept, as asked with --no-store.",
    "{total}스텝 가운데 {step}번째 스텝에서 중단했다. --no-store이므로 남긴 것은 없다.",
)
_KEPT = Text(
    "Interrupted at step {step} of {total}. Run {run} is kept up to step {safe}. To go on: {command}",
    "{total}스텝 가운데 {step}번째 스텝에서 중단했다. 런(run) {run:은} {safe}번째 스텝까지 저장되어 있다. 이어서 하려면: {command}",
)
_BEGUN = Text(
    "Interrupted at step {step} of {total}, before the first checkpoint. Run {run} is kept without a step. "
    "To train it from the start: {command}",
    "{total}스텝 가운데 {step}번째 스텝에서, 첫 체크포인트(checkpoint) 전에 중단했다. 런(run) {run:은} 스텝 없이 저장되어 있다. "
    "처음부터 학습하려면: {command}",
)
