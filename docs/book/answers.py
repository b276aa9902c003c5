"""Answers that were asked for once, kept until anything changes that they were made of."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cloudpickle

import whynet
from whynet.figures import save, use_theme
from whynet.figures.style import ThemeName
from whynet.questions import Answer, ask, find, pose
from whynet.questions.question import Listen
from whynet.registry import Info, infos
from whynet.report.answer import answer_report
from whynet.report.blocks import Picture, Report
from whynet.runs.environment import environment
from whynet.text import LANGUAGES, Text, use_language

PACKAGE = Path(whynet.__file__).parent
THEMES: tuple[ThemeName, ...] = ("light", "dark")
DPI = 144
TELL_ONLY = ("cli", "report", "doctor")  # rooms that no answer is made of: they tell of answers, or stand beside the book


@dataclass(frozen=True)
class Kept:
    """An answer with its report, as it was when it was asked, and the folder its figures lie in."""

    answer: Answer
    report: Report
    titles: Sequence[Text]  # what is written over each figure, in the order of the report
    folder: Path

    def figure(self, place: int, language: str, theme: str) -> Path:
        """The file of one figure, counted from 1."""
        return self.folder / f"figure-{place}-{language}-{theme}.png"


def recall(name: str, quick: bool, store: Path) -> Kept | None:
    """The answer that was kept, where nothing has changed since that it depends on."""
    folder = _folder(name, quick, store)
    try:
        if (folder / "key").read_text("utf-8") != key(name, quick):
            return None
        answer, facts, titles = cloudpickle.loads((folder / "answer.pickle").read_bytes())
    except Exception:  # nothing there, or something that no longer opens: ask again
        return None
    return Kept(answer, replace(answer_report(answer), facts=facts), titles, folder)


def measure(name: str, quick: bool, store: Path, listen: Listen = None) -> Kept:
    """Ask the question, draw its figures, keep both. Raises whatever asking raises, and then keeps nothing."""
    return keep(ask(name, quick=quick, listen=listen), _folder(name, quick, store), key(name, quick))


def keep(answer: Answer, folder: Path, signed: str) -> Kept:
    """Write an answer and its figures; the key last, so that half an answer is none."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = answer_report(answer)
    kept = Kept(answer, report, [], folder)
    kept = replace(kept, titles=[_drawn(picture, kept, place) for place, picture in enumerate(pictures(report), 1)])
    (folder / "answer.pickle").write_bytes(cloudpickle.dumps((answer, report.facts, kept.titles)))
    (folder / "key").write_text(signed, "utf-8")
    return kept


def pictures(report: Report) -> Iterator[Picture]:
    """Every picture of a report, in its order."""
    return (block for section in report.sections for block in section.blocks if isinstance(block, Picture))


def _drawn(picture: Picture, kept: Kept, place: int) -> Text:
    """Draw one picture in each language for light and for dark pages; what is written over it."""
    titles = {}
    for language in LANGUAGES:
        for theme in THEMES:
            with use_language(language), use_theme(theme):
                figure = picture.draw()
                titles[language] = figure.get_suptitle().replace("\n", " ").strip()
                save(figure, kept.figure(place, language, theme), dpi=DPI)
    return Text("{en}", "{ko}").fill(**titles)


def _folder(name: str, quick: bool, store: Path) -> Path:
    return store / ("quick" if quick else "full") / name


# --- what an answer is made of ---------------------------------------------------------------------------------------


def key(name: str, quick: bool) -> str:
    """Changes with the question's options, the source it is answered by, the versions and the machine."""
    info = find(name)
    asked = {"name": info.name, "options": repr(pose(info, {"quick": quick})), "environment": environment().to_json()}
    others = question_files() - made_of(_file(info), question_files(), PACKAGE)
    sources = {str(path): digest for path, digest in _digests().items() if path not in others}
    return hashlib.sha256(json.dumps([asked, sources], sort_keys=True).encode()).hexdigest()


def question_files() -> set[Path]:
    """The file of every question, by its path in the package."""
    return {_file(info) for info in infos("question")}


def made_of(own: Path, questions: set[Path], package: Path) -> set[Path]:
    """The question files that an answer is made of: its own, and those it or shared files import. Rewording others changes nothing."""
    shared = {path.relative_to(package) for path in (package / "questions").rglob("*.py")} - questions
    found, open_ = {own}, [own, *shared]
    while open_:
        new = (_imported(package / open_.pop(), package.name) & questions) - found
        found |= new
        open_ += new
    return found


def _file(info: Info) -> Path:
    return Path(*info.make.__module__.split(".")[1:]).with_suffix(".py")


def _imported(file: Path, package: str) -> set[Path]:
    """Files of the package that a file may import: ``from a import b`` may mean a, and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}", *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
    return {Path(*name.split(".")[1:]).with_suffix(".py") for name in names if name.startswith(f"{package}.")}


@cache
def _digests() -> dict[Path, str]:
    """A hash of every source file of the package, by its path in it."""
    files = (path for path in sorted(PACKAGE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    inside = ((path.relative_to(PACKAGE), path) for path in files)
    return {own: hashlib.sha256(path.read_bytes()).hexdigest() for own, path in inside if own.parts[0] not in TELL_ONLY}
