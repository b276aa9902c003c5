"""``whynet look``: a data set before anything is trained on it."""

from __future__ import annotations

import shlex
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from whynet.cli.dataset_pictures import Named, pictures
from whynet.cli.screen import head, say, verbatim
from whynet.cli.settings import Data, Target, located
from whynet.cli.verb import option, verb
from whynet.text import Text

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
    shown = pictures(dataset)
    files = [save(one.draw(), folder / f"{one.name}.png") for one in shown]
    page = write(_report(dataset, lines, shown, shlex.join(["whynet", "look", data])), folder / "look.html")
    head(_WRITTEN)
    for path in [*files, page]:
        verbatim(f"  {path}")
    if open == "yes":
        webbrowser.open(page.resolve().as_uri())
    return None


def _report(dataset: Dataset, lines: list[Text], shown: list[Named], command: str) -> Report:
    from whynet.report import Note, Paragraph, Picture, Report, Section

    sections = [Section(_SUMMARY, [*map(Paragraph, lines), *map(Note, dataset.notes)])]
    if shown:
        sections.append(Section(_PICTURES, [Picture(one.draw, one.caption) for one in shown]))
    return Report(_TITLE.fill(name=dataset.name), lines[1], "neutral", sections, {"data": dataset.name, "command": command})


_TITLE = Text("A look at {name}", "{name} 살펴보기")
_SUMMARY = Text("What is in it", "무엇이 들어 있나")
_PICTURES = Text("Pictures", "그림")
_NOTES = Text("What was done to it on the way in", "읽으면서 한 일")
_WRITTEN = Text("Written", "쓴 파일")
