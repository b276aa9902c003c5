"""A diagnosis in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from whynet.doctor.cause import Cause
from whynet.doctor.trial import POOR, label
from whynet.text import Text, join, plain

if TYPE_CHECKING:
    from whynet.doctor.diagnosis import Diagnosis

NOTHING = "nothing-to-learn"


def verdict(found: Diagnosis) -> Text:
    """The diagnosis in one or two sentences, every asserted cause named."""
    seen, words = found.examination, _level_words(found)
    if found.partial:
        words = _PARTIAL.fill(words=words)
    sure = [cause for cause in found.confirmed if cause.name != NOTHING]
    certain = _CERTAIN.fill(causes=_titles(sure)) if sure else None
    if found.state == "healthy":
        return _HEALTHY.fill(words=words)
    if found.state == "faulty":
        return join([words, _FAULTY.fill(causes=_titles(found.confirmed))])
    if found.state == "nothing to learn":
        nothing = (_NOTHING_SHUFFLED if found.shuffled else _NOTHING).fill(words=words, baseline=seen.baseline.name)
        return join([nothing, certain]) if certain else nothing
    if found.mending:
        return _mended(found, words)
    unmended = _unmended(found, words)
    return join([unmended, certain]) if certain else unmended


def _unmended(found: Diagnosis, words: Text) -> Text:
    tried = found.trial.tried if found.trial else []
    unsure = sorted((one for one in tried if one.unsure), key=lambda one: -one.summary.mean.mean)
    if unsure:
        one = unsure[0]
        return _UNSURE.fill(words=words, remedy=label(one), recovered=one.recovery.recovered, n=one.recovery.n)
    helping = sorted((one for one in tried if one.helps), key=lambda one: -one.summary.mean.mean)
    if helping and found.trial:
        before, after = found.trial.original.mean.mean, helping[0].summary.mean.mean
        return _HELPED.fill(words=words, remedy=label(helping[0]), before=before, after=after)
    return (_UNMENDED if tried else _UNTRIED).fill(words=words)


def _mended(found: Diagnosis, words: Text) -> Text:
    best = found.mending[0]
    told = [cause for cause in found.confirmed if cause.name in {c.name for c in best.causes}]
    if not told:
        only = _MENDED_ONLY.fill(words=words, remedy=label(best), cause=_titles(best.causes))
        return join([only, _CERTAIN.fill(causes=_titles(found.confirmed))]) if found.confirmed else only
    assert found.trial
    sentence = (_MENDED if found.state == "mended" else _IMPROVED).fill(
        words=words, causes=_titles(told), remedy=label(best),
        before=found.examination.yardstick.shown(found.trial.original.mean.mean),
        after=found.examination.yardstick.shown(best.summary.mean.mean),
    )  # fmt: skip
    rest = [cause for cause in found.confirmed if cause not in told]
    as_well = [cause for cause in rest if cause in found.equivalent or cause.name in found.curing]
    sentences = [sentence]
    if as_well:
        sentences.append(_EQUALLY.fill(causes=join([_with_remedy(found, cause) for cause in as_well], " · ")))
    further = {one.cause.name: one for second in reversed(found.later) for one in reversed(second.gains)}
    certain = [cause for cause in rest if cause not in as_well and cause.name not in further]
    sentences += [
        _FURTHER.fill(
            causes=_titles(second.causes), remedy=label(second.gains[0]), before=found.examination.yardstick.shown(
                second.trial.original.mean.mean
            ), after=found.examination.yardstick.shown(second.gains[0].summary.mean.mean),
        )
        for second in found.later
        if second.gains and second.trial
    ]  # fmt: skip
    if certain:
        sentences.append(_CERTAIN.fill(causes=_titles(certain)))
    return join(sentences)


def _with_remedy(found: Diagnosis, cause: Cause) -> Text:
    own = next((t for t in found.mending if cause.name in {c.name for c in t.causes}), None)
    return _WITH.fill(title=cause.title, remedy=label(own)) if own else cause.title


def _level_words(found: Diagnosis) -> Text:
    seen = found.examination
    if seen.diverged:
        return _DIVERGED
    if not found.sick:
        return _LEARNS if found.state in ("healthy", "faulty") else _COULD
    own = found.trial.original.mean.mean if found.trial else seen.metric
    progress = seen.yardstick.way(own, found.reference) if math.isfinite(own) else 0.0
    return _LEARNS_NOT if progress < POOR or own - seen.chance <= seen.noise else _LEARNS_BADLY


def measured(found: Diagnosis) -> Text:
    """The numbers under the verdict: metric with interval, chance, loss."""
    seen, task = found.examination, found.examination.fitted.dataset.task
    if found.trial:
        mean = found.trial.original.mean
        shown = seen.yardstick.shown
        metric = _WITH_INTERVAL.fill(mean=shown(mean.mean), low=shown(mean.low), high=shown(mean.high))
    else:
        metric = plain(seen.yardstick.shown(seen.metric))
    loss = _LOSS.fill(loss=seen.end_loss) if math.isfinite(seen.end_loss) else _NO_LOSS
    if task.uniform_loss is not None and abs(seen.end_loss - task.uniform_loss) < 0.02:
        loss = _LN_K.fill(loss=seen.end_loss, k=task.outputs)
    return _MEASURED.fill(name=seen.yardstick.title, metric=metric, chance=seen.chance, loss=loss)


def fixed(found: Diagnosis) -> Text:
    """What the fix did in the trial, in plain words."""
    one, trial = found.remedy, found.trial
    if one is None or trial is None:
        return plain("")
    shown = trial.stick.shown
    words = {"before": shown(trial.original.mean.mean), "after": shown(one.summary.mean.mean)}
    return _TRIED.fill(metric=trial.stick.title, recovered=one.recovery.recovered, n=one.recovery.n, **words)


def _titles(causes: Sequence[Cause]) -> Text:
    return join([cause.title for cause in causes], " · ")


_HEALTHY = Text(
    "{words} Nothing needs mending.",
    "{words} 고칠 것이 없다.",
)
_MENDED = Text("{words} Cause: {causes}. What mends it: {remedy}.", "{words} 원인: {causes}. 고치는 방법: {remedy}.")
_IMPROVED = Text(
    "{words} Cause: {causes}. What helps: {remedy}, from {before} to {after}, though not all the way to what the data allow.",
    "{words} 원인: {causes}. 도움이 되는 방법: {remedy}. {before}에서 {after}까지 나아지지만 데이터로 가능한 데까지는 못 간다.",
)
_EQUALLY = Text("Mended alone, these do as well: {causes}.", "다음 가운데 하나만 고쳐도 된다: {causes}.")
_FURTHER = Text(
    "That mended, this still holds it back: {causes}. Mended as well ({remedy}), it gets from {before} to {after}.",
    "그것을 고쳐도 아직 발목을 잡는 것: {causes}. 이것까지 고치면({remedy}) {before}에서 {after}까지 나아간다.",
)
_WITH = Text("{title} ({remedy})", "{title} ({remedy})")
_CERTAIN = Text("Certain by how it is built: {causes}.", "구조만 보아도 확실한 것: {causes}.")
_FAULTY = Text("One thing is wrong with it all the same: {causes}.", "그래도 잘못된 곳이 있다: {causes}.")
_MENDED_ONLY = Text(
    "{words} What mends it: {remedy}. The cause is not established: no sign of it ({cause}) was seen.",
    "{words} 고치는 방법: {remedy}. 원인은 확정할 수 없다. 그 징후({cause})는 보이지 않았다.",
)
_UNSURE = Text(
    "{words} {remedy} brought learning back on {recovered} of {n} seeds, which these seeds cannot tell from luck; more may decide.",
    "{words} {remedy:은} 시드 {n}개 가운데 {recovered}개에서 학습을 되살렸지만 이 시드 수로는 우연과 구별할 수 없다. "
    "시드를 늘리면 가릴 수 있다.",
)
_HELPED = Text(
    "{words} No remedy brought learning back; {remedy} helps most: from {before:.2f} to {after:.2f}.",
    "{words} 학습을 되살린 처방은 없다. 가장 도움이 되는 것은 {remedy:이다}. {before:.2f}에서 {after:.2f}까지.",
)
_UNMENDED = Text(
    "{words} None of the remedies tried brought learning back; the cause may not be among those suspected.",
    "{words} 시도한 처방 가운데 학습을 되살린 것이 없다. 원인은 의심한 것들 가운데 없을 수 있다.",
)
_UNTRIED = Text("{words} No remedy was tried.", "{words} 시험해 본 처방이 없다.")
_PARTIAL = Text(
    "Interrupted: this is what is known so far. {words}",
    "중단되어 지금까지 알게 된 것만 말한다. {words}",
)
_COULD = Text("It learns, but less than it could.", "배우지만 할 수 있는 것보다는 못하다.")
_NOTHING_SHUFFLED = Text(
    "{words} Neither does {baseline}, nor any remedy, and with shuffled labels it does as well: the data may hold nothing to learn.",
    "{words} {baseline}도 마찬가지이고 어떤 처방도 듣지 않으며, 라벨을 뒤섞어도 결과가 같다. 데이터에 배울 것이 없을 수 있다.",
)
_NOTHING = Text(
    "{words} Neither does {baseline}, nor any remedy: the data may hold nothing to learn.",
    "{words} {baseline}도 마찬가지이고 어떤 처방도 듣지 않는다. 데이터에 배울 것이 없을 수 있다.",
)
_TRIED = Text(
    "Trained that way beside the original: {metric} {before} becomes {after}; it learns in {recovered} of {n} repetitions.",
    "그렇게 바꾸어 원본과 나란히 학습해 보았다. {metric:이} {before}에서 {after}까지 바뀌고, {n}번 되풀이해 {recovered}번 배운다.",
)
_DIVERGED = Text("Training diverged: the loss stopped being a number.", "학습이 발산했다. 손실이 수가 아니게 되었다.")
_LEARNS = Text("It learns.", "잘 배운다.")
_LEARNS_NOT = Text("It does not learn.", "배우지 못한다.")
_LEARNS_BADLY = Text("It learns, but far less than it could.", "배우기는 하지만 할 수 있는 것보다 훨씬 못하다.")
_WITH_INTERVAL = Text("{mean} [{low}, {high}]", "{mean} [{low}, {high}]")
_MEASURED = Text("{name} {metric}, chance {chance:.2f} · {loss}", "{name} {metric}, 우연 수준 {chance:.2f} · {loss}")
_LOSS = Text("loss {loss:.3g}", "손실 {loss:.3g}")
_NO_LOSS = Text("loss not a number", "손실이 수가 아님")
_LN_K = Text("loss {loss:.2f} = ln {k}", "손실 {loss:.2f} = ln {k}")
