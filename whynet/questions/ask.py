"""Ask one question of the book, or look through it.

answer = ask("vanishing-gradient", quick=True)
print(answer.verdict)
"""

from __future__ import annotations

import time
from typing import Any

from whynet.questions.answer import Answer
from whynet.questions.question import Chapter, Listen, Question, chapter_of
from whynet.registry import Info, bind, get, infos
from whynet.spec import Spec


def ask(
    name: str,
    *,
    quick: bool = False,
    data: Any = None,
    model: Any = None,
    seeds: int | None = None,
    listen: Listen = None,
    **options: Any,
) -> Answer:
    """Measure what the question asks about and judge its claims.

    ``quick``: seconds instead of a minute, with fewer seeds and shorter trainings. ``options``: what one question takes beyond these.
    Raises `UnknownNameError` with the nearest questions and `OptionError` with what is allowed.
    """
    info = find(name)
    given = {"data": data, "model": model, "seeds": seeds, **options}
    chosen = {key: value for key, value in given.items() if value is not None}
    started = time.monotonic()
    question = pose(info, {**chosen, **({"quick": True} if quick else {})})
    claims = list(question.claims())
    evidence = question.measure(listen)
    judged = [claim.judge(evidence) for claim in claims]
    return Answer(
        name=info.name,
        asked=info.idea,
        chapter=chapter_of(info),
        question=question,
        evidence=evidence,
        claims=judged,
        verdict=question.verdict(evidence, judged),
        figures=list(question.figures(evidence, judged)),
        seconds=time.monotonic() - started,
    )


def find(name: str) -> Info:
    """A question by its name, written with - or _. Raises `UnknownNameError` with the nearest names."""
    return get("question", name.strip().replace("_", "-"))


def pose(info: Info, options: dict[str, Any]) -> Question:
    """The question with its options, each checked. Raises `OptionError`."""
    _, checked = bind("question", Spec(info.name, options))
    made: Question = info.make(**checked)
    return made


def book() -> dict[Chapter, list[Info]]:
    """Every question by chapter, both in the order of the book."""
    chapters: dict[Chapter, list[Info]] = {}
    for info in sorted(infos("question"), key=lambda one: (chapter_of(one).place, one.facts.get("place", 0), one.name)):
        chapters.setdefault(chapter_of(info), []).append(info)
    return chapters
