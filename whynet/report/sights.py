"""Pictures of what a trained network sees: which of them fit a run, what is measured for each, and the finding it is titled with.

>>> import whynet
>>> run = whynet.fit(whynet.recipe("digits", "lenet5", epochs=1))  # doctest: +SKIP
>>> whynet.pictures(run, "occlusion")["occlusion"].savefig("occlusion.png")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from whynet.engine.fit import Fitted
from whynet.errors import OptionError, UnknownNameError, nearest
from whynet.report.blocks import Picture, Section
from whynet.report.sighting import answered, attended, covered, filtered, judged, mapped, mistaken, salient, spread
from whynet.text import Text

if TYPE_CHECKING:
    from whynet.runs.run import Run

Draw = Callable[[], Figure]


@dataclass(frozen=True)
class Sight:
    """A picture of a trained network. ``measure`` returns what draws it in the current language; None where it does not fit."""

    idea: Text
    needs: Text
    measure: Callable[[Fitted], Draw | None]


def pictures(model: Run | Fitted, names: str | Sequence[str] | None = None) -> dict[str, Figure]:
    """Pictures of what a trained network sees, by name: those asked for, or all that fit its task and model.

    Raises `UnknownNameError` for a name that is none, `OptionError` for one that does not fit.
    """
    return {name: draw() for name, draw in sights(model, names).items()}


def sights(model: Run | Fitted, names: str | Sequence[str] | None = None) -> dict[str, Draw]:
    """The same, measured once and drawn whenever called, in the language of that moment."""
    fitted = model if isinstance(model, Fitted) else model.fitted
    asked = list(SIGHTS) if names is None else [names] if isinstance(names, str) else list(names)
    for name in asked:
        if name not in SIGHTS:
            raise UnknownNameError(_UNKNOWN, name=name, near=nearest(name, SIGHTS))
    drawn: dict[str, Draw] = {}
    for name in dict.fromkeys(asked):
        with torch.random.fork_rng(devices=[]):
            draw = SIGHTS[name].measure(fitted)
        if draw is not None:
            drawn[name] = draw
        elif names is not None:
            raise OptionError(
                _UNFIT, name=name, needs=SIGHTS[name].needs, model=str(fitted.recipe.model), task=fitted.dataset.task.words
            )
    return drawn


def sections(drawn: Mapping[str, Draw]) -> list[Section]:
    """Measured pictures as a section of a report."""
    return [Section(_SEEN, [Picture(draw, SIGHTS[name].idea) for name, draw in drawn.items()])] if drawn else []


_PICTURES = Text("pictures as inputs, and classes or values as answers", "입력은 그림, 답은 클래스나 값")

SIGHTS: Mapping[str, Sight] = {
    "filters": Sight(
        Text(
            "What the first convolution looks for: edges, spots and colours in a network that has learned; noise in one that has not.",
            "첫 합성곱(convolution)이 찾는 것이다. 배운 네트워크에는 모서리와 점과 색이, 배우지 못한 네트워크에는 잡음이 보인다.",
        ),
        Text("a convolution over pictures", "그림을 훑는 합성곱"),
        filtered,
    ),
    "feature_maps": Sight(
        Text(
            "What some layers make of one example: early ones keep the picture, late ones keep what matters of it.",
            "몇몇 층이 예제 하나에서 남긴 것이다. 앞쪽 층은 그림을, 뒤쪽 층은 그 가운데 중요한 것을 남긴다.",
        ),
        Text("layers that put out maps of a picture", "그림의 특징 맵을 내놓는 층"),
        mapped,
    ),
    "attention": Sight(
        Text("Where each head of each layer looks.", "층마다 헤드(head)마다 어디를 보는지 나타낸다."),
        Text("attention with an open map (a submodule named weights)", "들여다볼 수 있는 어텐션(weights라는 부분 모듈)"),
        attended,
    ),
    "saliency": Sight(
        Text(
            "Where a small change would move the score of the answer most (Simonyan et al., 2013). On the object: it looks there. "
            "On the background: it has found a shortcut.",
            "조금만 바꾸어도 답의 점수가 크게 움직이는 곳이다(Simonyan 외, 2013). "
            "물체 위면 그것을 보는 것이고, 배경이면 지름길을 찾은 것이다.",
        ),
        _PICTURES,
        salient,
    ),
    "occlusion": Sight(
        Text(
            "What is lost when a square covers the place (Zeiler and Fergus, 2014).",
            "네모로 그 자리를 가렸을 때 잃는 것이다(Zeiler와 Fergus, 2014).",
        ),
        Text("pictures as inputs, and classes with probabilities as answers", "입력은 그림, 답은 확률이 있는 클래스"),
        covered,
    ),
    "embedding": Sight(
        Text(
            "Examples where the network puts them before its head, by t-SNE: classes apart are easy to tell apart.",
            "머리(head) 바로 앞에서 네트워크가 예제를 놓은 자리를 t-SNE로 그렸다. 떨어져 있는 클래스는 가르기 쉽다.",
        ),
        Text("classes as answers and five test examples or more", "답은 클래스, 테스트 예제는 다섯 개 이상"),
        spread,
    ),
    "masks": Sight(
        Text("The worst of the test pictures: truth and answer.", "테스트 그림 가운데 가장 나쁜 것들의 정답과 답이다."),
        Text("a class for each pixel as answer", "픽셀마다 클래스를 답하는 과제"),
        judged,
    ),
    "boxes": Sight(
        Text(
            "The worst of the test pictures: what is there and what was found.",
            "테스트 그림 가운데 가장 나쁜 것들: 있는 것과 찾은 것.",
        ),
        Text("boxes as answers", "상자를 답하는 과제"),
        answered,
    ),
    "mistakes": Sight(
        Text(
            "Wrong answers, the surest first: where it is sure and wrong, the label may be.",
            "틀린 답을 확신이 큰 순서로 늘어놓았다. 확신하며 틀린 것은 레이블이 틀렸을 수도 있다.",
        ),
        Text(
            "pictures as inputs, classes as answers, and at least one mistake", "입력은 그림, 답은 클래스, 틀린 것이 하나 이상"
        ),
        mistaken,
    ),
}

_SEEN = Text("What the network sees", "네트워크가 보는 것")
_UNKNOWN = Text("There is no picture named {name!r}. {near}", "{name!r:이라는} 그림은 없다. {near}")
_UNFIT = Text(
    "The picture {name} needs {needs}. Received: {model}, {task}. Leave it out, or leave all names out for those that fit.",
    "{name} 그림에 필요한 것: {needs}. 받은 것: {model}, {task}. 이 그림을 빼거나, 이름을 모두 빼서 맞는 것만 그린다.",
)
