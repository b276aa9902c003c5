"""``whynet look``: a data set before anything is trained on it."""

from __future__ import annotations

import shlex
import webbrowser
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from whynet.cli.screen import head, say, verbatim
from whynet.cli.settings import Data, Target, located
from whynet.cli.verb import option, verb
from whynet.text import Text, language

if TYPE_CHECKING:
    from whynet.data import Dataset
    from whynet.report import Report


@verb(
    "Look at a data set: what is in it, as sentences and pictures.",
    "데이터셋을 살펴본다. 무엇이 들어 있는지 문장과 그림으로 보여 준다.",
    place=12,
    examples=["whynet look digits", "whynet look iris --out iris-pictures"],
)
def look(
    data: Data,
    target: Target = None,
    out: Annotated[
        str | None, option("folder for the pictures [look/NAME]", "그림을 넣을 폴더 [look/이름]", metavar="DIR")
    ] = None,
    open: Annotated[Literal["yes", "no"], option("open the report in the browser", "브라우저로 보고서를 연다")] = "no",
) -> int | None:
    """Print the summary, write a PNG for each picture and all of it as look.html."""
    from whynet.data import load, summary
    from whynet.figures import look as draw
    from whynet.figures import save
    from whynet.report import write

    spec = located(data, target)
    dataset = load(spec)
    lines = summary(dataset)
    for line in lines:
        say(line)
    if dataset.notes:
        head(_NOTES)
        for note in dataset.notes:
            say(f"- {note}")
    folder = Path(out) if out is not None else Path("look") / Path(dataset.name).name
    shown = draw(dataset)
    files = [save(figure, folder / f"{i}.png") for i, (_, figure) in enumerate(shown, 1)]
    page = write(
        _report(dataset, lines, [title for title, _ in shown], shlex.join(["whynet", "look", data])), folder / "look.html"
    )
    head(_WRITTEN)
    for path in [*files, page]:
        verbatim(f"  {path}")
    if open == "yes":
        webbrowser.open(page.resolve().as_uri())
    return None


def _report(dataset: Dataset, lines: list[Text], titles: list[Text], command: str) -> Report:
    from whynet.figures import look as draw
    from whynet.report import Note, Paragraph, Picture, Report, Section

    in_language = cache(lambda name: [figure for _, figure in draw(dataset)])  # all of them at once, in each language
    sections = [Section(_SUMMARY, [*map(Paragraph, lines), *map(Note, dataset.notes)])]
    if titles:
        shown = [Picture(lambda i=i: in_language(language())[i], title) for i, title in enumerate(titles)]  # type: ignore[misc]
        sections.append(Section(_PICTURES, shown))
    return Report(_TITLE.fill(name=dataset.name), lines[1], "neutral", sections, {"data": dataset.name, "command": command})


_TITLE = Text("A look at {name}", "{name} 살펴보기")
_SUMMARY = Text("What is in it", "무엇이 들어 있나")
_PICTURES = Text("Pictures", "그림")
_NOTES = Text("What was done to it on the way in", "읽으면서 한 일")
_WRITTEN = Text("Written", "쓴 파일")
