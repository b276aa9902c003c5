"""A diagnosis as plain data, for ``--json`` and the store, and as plain text, for ``print``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whynet.doctor.cause import Evidence
from whynet.doctor.fix import fix_lines
from whynet.doctor.plan import suspected
from whynet.doctor.trial import ORIGINAL, Trial
from whynet.experiment.compare import number
from whynet.recipe import Recipe
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.doctor.diagnosis import Diagnosis


def as_dict(found: Diagnosis) -> dict[str, Any]:
    """A diagnosis as plain data: numbers that are none are null."""
    seen, trial = found.examination, found.trial
    return {
        "recipe": found.recipe.written(), "state": found.state, "verdict": found.verdict.both, "measured": found.measured.both,
        "partial": found.partial, "metric": number(trial.original.mean.mean if trial else seen.metric),
        "chance": seen.chance, "reference": number(found.reference),
        "baseline": {"name": seen.baseline.name.both, "metric": number(seen.baseline.metric)},
        "baselines": [{"name": b.name.both, "metric": number(b.metric)} for b in (seen.baseline, *seen.baseline.others)],
        "confirmed": [cause.name for cause in found.confirmed], "equivalent": [cause.name for cause in found.equivalent],
        "also_mends": [cause.name for cause in found.also_mends], "cleared": [cause.name for cause in found.cleared],
        "not_checked": [cause.name for cause in found.not_checked],
        "fix": found.fix, "remedy": found.remedy.remedy.name.both if found.remedy else None,
        "restored": found.restored, "after": number(found.remedy.summary.mean.mean) if found.remedy else None,
        "suspects": [
            {
                "cause": s.cause.name, "title": s.cause.title.both, "strength": s.strength, "proved": s.proved,
                "speaks": s.speaks, "evidence": [_evidence(e) for e in s.evidence],
            }
            for s in found.suspicions
        ],
        "trial": _trial(trial, found.recipe, seen.whole_steps) if trial else None,
        "later": [
            {
                "mended": fix_lines(found.recipe, second.mended), "asked": [s.cause.name for s in second.suspicions],
                "confirmed": [cause.name for cause in second.causes],
                "trial": _trial(second.trial, second.mended, second.examination.whole_steps) if second.trial else None,
            }
            for second in found.later
        ],
        "controls": [found.shuffled.to_dict()] if found.shuffled else [],
        "notes": [note.both for note in found.notes], "seconds": found.seconds,
    }  # fmt: skip


def _trial(trial: Trial, recipe: Recipe, steps: int) -> dict[str, Any]:
    own = trial.original
    return {
        "seeds": list(trial.comparison.seeds), "metric": trial.stick.title.en, "split": trial.stick.split,
        "chance": trial.chance, "steps": trial.steps or steps, "seconds": trial.comparison.seconds,
        "plan": [text.both for text in trial.comparison.plan.explain()] if trial.comparison.plan else [],
        "original": {
            "values": [number(v) for v in trial.values[ORIGINAL]], "mean": number(own.mean.mean),
            "interval": [number(own.mean.low), number(own.mean.high)],
        },
        "rows": [
            {
                "name": t.remedy.name.both, "cause": t.cause.name, "causes": [cause.name for cause in t.causes],
                "changes": t.remedy.changes, "mends": t.mends, "helps": t.helps, "effect": t.recovery.effect,
                "left_after": t.share if t.left else None, "values": [number(v) for v in t.values],
                "mean": number(t.summary.mean.mean), "interval": [number(t.summary.mean.low), number(t.summary.mean.high)],
                "difference": None if t.summary.difference is None else [
                    number(t.summary.difference.mean), number(t.summary.difference.low), number(t.summary.difference.high),
                ],
                "p": t.summary.p, "adjusted_p": t.summary.adjusted_p, "outcome": t.summary.outcome,
                "diff": fix_lines(recipe, t.recipe),
            }
            for t in trial.tried
        ],
    }  # fmt: skip


def _evidence(one: Evidence) -> dict[str, Any]:
    return {"what": one.what.both, "observed": one.observed.both, "expected": one.expected.both, "speaks": one.speaks}


def as_text(found: Diagnosis) -> str:
    """A diagnosis as a few lines."""
    lines = [str(found.verdict), str(found.measured)]
    if found.fix:
        lines += ["", str(_FIX), *(f"  {line}" for line in found.fix), str(found.fixed)]
    for one in (s for s in found.suspicions if suspected(s)):
        lines += ["", str(one.cause.title)]
        lines += [f"  {e.what}: {e.observed} ({_EXPECTED.fill(value=e.expected)})" for e in one.evidence if e.speaks == "for"]
    lists = ((_CLEARED, found.cleared), (_UNCHECKED, found.not_checked))
    lines += [f"\n{words}: {', '.join(str(cause.title) for cause in causes)}" for words, causes in lists if causes]
    return "\n".join(lines)


_FIX = Text("What to change:", "바꿀 것:")
_EXPECTED = Text("expected: {value}", "기대값: {value}")
_CLEARED = Text("Cleared", "혐의 없음")
_UNCHECKED = Text("Not checked", "확인하지 못함")
