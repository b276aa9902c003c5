"""A kept comparison on the screen: its levels, and the curves of their arms; how far it came where it was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whynet.cli.keeping import command
from whynet.cli.outcome import METRICS
from whynet.cli.screen import Cell, head, metric_spark, metric_text, number, pairs, say, table, verbatim
from whynet.text import Text, language

if TYPE_CHECKING:
    from whynet.runs.comparison import KeptArm, KeptComparison


def show_comparison(found: KeptComparison, store: str) -> bool:
    """Tell it; False where only its result was kept, and no arm."""
    from whynet.runs.summary import STATUS_WORDS

    arms = found.arms()
    if found.payload is not None and not arms:
        return False
    total = len(found.levels) * len(found.seeds)
    pairs(
        [
            (_COMPARISON, found.id), (_FACTOR, ", ".join(found.paths)), (_STATUS, STATUS_WORDS[found.status]),
            (_STARTED, f"{found.created:%Y-%m-%d %H:%M}"), (_ARMS, _OF.fill(ended=len(arms), total=total)),
        ]
    )  # fmt: skip
    verdict = (found.payload or {}).get("verdict")
    if isinstance(verdict, dict):
        say()
        say(str(verdict.get(language(), "")), style="bold")
    if arms:
        _levels(found, arms)
    if found.status == "interrupted":
        say()
        say(_GO_ON)
        verbatim("  " + command("resume", found.id, store))
    pages = sorted(path for path in found.folder.iterdir() if path.suffix == ".html")
    if pages:
        head(_REPORT)
        for path in pages:
            verbatim(f"  {path}")
    return True


def _levels(found: KeptComparison, arms: list[KeptArm]) -> None:
    metric = found.metric or "accuracy"
    by_level = {name: [arm for arm in arms if arm.level == name] for name in found.levels}
    rows = [_row(name, own, metric) for name, own in by_level.items() if own]
    head(_LEVELS)
    table([_LEVEL, METRICS[metric], _EACH, _LOSS, _CURVE], rows, right=(1, 3))


def _row(level: str, arms: list[KeptArm], metric: str) -> list[Cell]:
    """The mean over seeds, the value under each, the last step's loss, and the course of the validation metric."""
    histories = [arm.history for arm in arms]
    scores = [one.final() if arm.status != "diverged" else np.nan for arm, one in zip(arms, histories, strict=True)]
    losses = [one.loss[-1] for one in histories]
    curve = metric_spark([float(value) for value in histories[0].curve("validation")[1]], metric)
    each = " ".join(_score(score, metric) for score in scores)
    return [level, _score(_mean(scores), metric), each, number(_mean(losses)), curve]


def _mean(values: list[float]) -> float:
    """Of those that are numbers."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def _score(value: float, metric: str) -> str:
    return metric_text(value, metric) if np.isfinite(value) else "–"


_COMPARISON = Text("comparison", "비교")
_FACTOR = Text("factor", "요인(factor)")
_STATUS = Text("status", "상태")
_STARTED = Text("started", "시작")
_ARMS = Text("networks", "네트워크")
_OF = Text("{ended} of {total} have ended", "{total}개 가운데 {ended}개가 끝났다")
_LEVELS = Text("Values, the mean over seeds, and the course under the first seed", "값, 시드 평균, 첫 시드에서의 과정")
_LEVEL = Text("value", "값")
_EACH = Text("each seed", "시드마다")
_LOSS = Text("last loss", "마지막 손실")
_CURVE = Text("validation", "검증")
_GO_ON = Text("It was interrupted. To go on:", "중단되었다. 이어서 하려면:")
_REPORT = Text("Report", "보고서")
