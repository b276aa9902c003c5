"""The diagnosis: which causes the trial confirmed, which it cleared, and the fix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from whynet.doctor.cause import PLACES, Cause, Evidence, Suspicion
from whynet.doctor.examination import Examination
from whynet.doctor.trial import POOR, Trial, Tried, label
from whynet.experiment.statistics import has_recovered
from whynet.recipe import Recipe, changed_lines
from whynet.text import Text, join

State = Literal["healthy", "mended", "not mended", "nothing to learn"]
CLOSE = 0.05  # of the way from chance to the reference: remedies that differ by less are equally good


@dataclass(frozen=True)
class Diagnosis:
    """Everything the doctor can say of one recipe."""

    examination: Examination
    suspicions: list[Suspicion]  # strongest first
    trial: Trial | None  # None for a healthy network
    notes: list[Text]
    seconds: float

    @property
    def recipe(self) -> Recipe:
        """What was examined."""
        return self.examination.recipe

    @property
    def reference(self) -> float:
        """The metric that counts as healthy."""
        return self.trial.reference if self.trial else max(self.examination.baseline.metric, self.examination.metric)

    @property
    def state(self) -> State:
        """Healthy; or sick, and a remedy mends it or none does; or there is nothing in the data that anything here can learn."""
        if self.trial is None:
            return "healthy" if is_healthy(self.examination) else "not mended"
        if self.mending:
            return "mended"
        seen = self.examination
        best = max([seen.baseline.metric, *(t.summary.mean.mean for t in self.trial.tried)])
        return "nothing to learn" if best - seen.chance <= seen.noise else "not mended"

    @cached_property
    def mending(self) -> list[Tried]:
        """The remedies that mend, best first.

        Those of the causes that are confirmed before others; then on all seeds before on most, one change before two, as good as the
        best (within a twentieth of the way from chance to healthy) before less good; then nearest to the cause.
        """
        found = [one for one in self.trial.tried if one.mends] if self.trial else []
        if not found:
            return []
        ranks = {cause.name: i for i, cause in enumerate(self.confirmed)}
        near = CLOSE * (self.reference - self.examination.chance)
        best = {t.cause.name: max(o.summary.mean.mean for o in found if o.cause.name == t.cause.name) for t in found}
        return sorted(
            found,
            key=lambda t: (
                ranks.get(t.cause.name, len(ranks)),
                t.recovery.effect != "restores",
                t.remedy.changes,
                t.summary.mean.mean < best[t.cause.name] - near,
            ),  # in the order of the cause's remedies where all else is equal
        )

    @cached_property
    def confirmed(self) -> list[Cause]:
        """The causes of which a remedy mends and that show signs of their own, the first on the way from data to weights first.

        A cause explains the signs of those behind it: unscaled inputs make steps long, a doubled softmax makes gradients small. Where
        no cause that mends shows signs, one that shows none either way; never one whose signs speak against it.
        """
        mended = {cause.name for one in (self.trial.tried if self.trial else []) if one.mends for cause in one.causes}
        found = sorted(
            (s for s in self.suspicions if s.cause.name in mended),
            key=lambda s: (PLACES.index(s.cause.place), -s.strength),
        )
        signs = [s.cause for s in found if s.speaks == "for"]
        return signs or [s.cause for s in found if s.speaks == "neither"][:1]

    @property
    def equivalent(self) -> list[Cause]:
        """The causes of which a remedy mends as well, though nothing else points to them."""
        names = {cause.name for cause in self.confirmed}
        return list({c.name: c for one in self.mending for c in one.causes if c.name not in names}.values())

    @property
    def cleared(self) -> list[Cause]:
        """The causes whose remedies were tried and did nothing."""
        if not self.trial:
            return []
        return [
            s.cause
            for s in self.suspicions
            if (remedies := self.trial.of(s.cause))
            and not any(one.mends or one.unsure or self.trial.helps(one) for one in remedies)
        ]

    @property
    def fix(self) -> list[str]:
        """The best remedy as the lines of a diff; empty where there is none."""
        return changed_lines(self.recipe, self.mending[0].recipe) if self.mending else []

    @property
    def verdict(self) -> Text:
        """The diagnosis in one sentence."""
        seen, words = self.examination, self._level_words()
        if self.state == "healthy":
            return _HEALTHY.fill(words=words)
        if self.state == "nothing to learn":
            return _NOTHING.fill(words=words, baseline=seen.baseline.name)
        if self.state == "mended":
            return self._mended(words)
        tried = self.trial.tried if self.trial else []
        unsure = sorted((one for one in tried if one.unsure), key=lambda one: -one.summary.mean.mean)
        if unsure:
            one = unsure[0]
            return _UNSURE.fill(words=words, remedy=label(one), recovered=one.recovery.recovered, n=one.recovery.n)
        helping = sorted((one for one in tried if self.trial and self.trial.helps(one)), key=lambda one: -one.summary.mean.mean)
        if helping and self.trial:
            before, after = self.trial.original.mean.mean, helping[0].summary.mean.mean
            return _HELPED.fill(words=words, remedy=label(helping[0]), before=before, after=after)
        return _UNMENDED.fill(words=words)

    def _mended(self, words: Text) -> Text:
        best = self.mending[0]
        if not self.confirmed:
            return _MENDED_ONLY.fill(words=words, remedy=label(best), cause=best.cause.title)
        causes = [self.confirmed[0]]
        if best.others:  # a combination: neither change mends alone
            causes = [cause for cause in self.confirmed if cause in best.causes] or causes
        also = list({t.cause.name: label(t) for t in self.mending if t.cause.name != best.cause.name}.values())
        sentence = _MENDED.fill(words=words, causes=join([cause.title for cause in causes], " · "), remedy=label(best))
        return join([sentence, _ALSO.fill(remedies=join(also, " · "))]) if also else sentence

    def _level_words(self) -> Text:
        seen = self.examination
        if seen.diverged:
            return _DIVERGED
        if self.state == "healthy":
            return _LEARNS
        progress = (seen.metric - seen.chance) / max(self.reference - seen.chance, 1e-9)
        return _LEARNS_NOT if progress < POOR or seen.metric - seen.chance <= seen.noise else _LEARNS_BADLY

    @property
    def measured(self) -> Text:
        """The numbers under the verdict: metric with interval, chance, loss."""
        seen, task = self.examination, self.examination.fitted.dataset.task
        if self.trial:
            mean = self.trial.original.mean
            metric = _WITH_INTERVAL.fill(mean=mean.mean, low=mean.low, high=mean.high)
        else:
            metric = Text("{v:.2f}", "{v:.2f}").fill(v=seen.metric)
        loss = _LOSS.fill(loss=seen.end_loss) if math.isfinite(seen.end_loss) else _NO_LOSS
        if task.uniform_loss is not None and abs(seen.end_loss - task.uniform_loss) < 0.02:
            loss = _LN_K.fill(loss=seen.end_loss, k=task.outputs)
        return _MEASURED.fill(name=task.metric, metric=metric, chance=seen.chance, loss=loss)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        return {
            "recipe": self.recipe.written(), "state": self.state, "verdict": self.verdict.both, "measured": self.measured.both,
            "chance": self.examination.chance, "reference": self.reference,
            "baseline": {"name": self.examination.baseline.name.both, "metric": self.examination.baseline.metric},
            "suspects": [
                {"cause": s.cause.name, "strength": s.strength, "speaks": s.speaks, "evidence": [_evidence(e) for e in s.evidence]}
                for s in self.suspicions
            ],
            "trial": self.trial.comparison.to_dict() if self.trial else None,
            "remedies": [
                {
                    "cause": t.cause.name, "causes": [cause.name for cause in t.causes],
                    "name": t.remedy.name.both, "changes": t.remedy.changes, "mends": t.mends,
                    "effect": t.recovery.effect, "metric": t.summary.mean.mean,
                    "difference": t.summary.difference.mean if t.summary.difference else None,
                    "diff": changed_lines(self.recipe, t.recipe),
                }
                for t in (self.trial.tried if self.trial else [])
            ],
            "confirmed": [cause.name for cause in self.confirmed], "equivalent": [cause.name for cause in self.equivalent],
            "cleared": [cause.name for cause in self.cleared],
            "fix": self.fix, "notes": [note.both for note in self.notes], "seconds": self.seconds,
        }  # fmt: skip


def is_healthy(seen: Examination) -> bool:
    """Whether the network reaches most of what a simple model reaches, and does better than chance with luck."""
    if seen.diverged or not math.isfinite(seen.metric) or seen.metric - seen.chance <= seen.noise:
        return False
    if seen.baseline.metric - seen.chance <= seen.noise:  # simple models find nothing: what the network finds is its own
        return True
    return has_recovered(seen.metric, seen.chance, seen.baseline.metric)


def _evidence(one: Evidence) -> dict[str, Any]:
    return {"what": one.what.both, "observed": one.observed.both, "expected": one.expected.both, "speaks": one.speaks}


def telling(suspicions: Sequence[Suspicion]) -> list[Suspicion]:
    """The suspicions that a trial should look into."""
    return [one for one in suspicions if one.strength > 0]


_HEALTHY = Text(
    "{words} Nothing needs mending.",
    "{words} 고칠 것이 없다.",
)
_MENDED = Text("{words} Cause: {causes}. What mends it: {remedy}.", "{words} 원인: {causes}. 고치는 방법: {remedy}.")
_ALSO = Text("Also mends it: {remedies}.", "다음으로도 고쳐진다: {remedies}.")
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
_NOTHING = Text(
    "{words} Neither does {baseline}, nor any remedy: the data may hold nothing to learn.",
    "{words} {baseline}도 마찬가지이고 어떤 처방도 듣지 않는다. 데이터에 배울 것이 없을 수 있다.",
)
_DIVERGED = Text("Training diverged: the loss stopped being a number.", "학습이 발산했다. 손실이 수가 아니게 되었다.")
_LEARNS = Text("It learns.", "잘 배운다.")
_LEARNS_NOT = Text("It does not learn.", "배우지 못한다.")
_LEARNS_BADLY = Text("It learns, but far less than it could.", "배우기는 하지만 할 수 있는 것보다 훨씬 못하다.")
_WITH_INTERVAL = Text("{mean:.2f} [{low:.2f}, {high:.2f}]", "{mean:.2f} [{low:.2f}, {high:.2f}]")
_MEASURED = Text("{name} {metric}, chance {chance:.2f} · {loss}", "{name} {metric}, 우연 수준 {chance:.2f} · {loss}")
_LOSS = Text("loss {loss:.3g}", "손실 {loss:.3g}")
_NO_LOSS = Text("loss not a number", "손실이 수가 아님")
_LN_K = Text("loss {loss:.2f} = ln {k}", "손실 {loss:.2f} = ln {k}")
