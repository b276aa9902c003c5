"""The pages: up to date, alike in both languages, with links that lead somewhere and commands that exist."""

from __future__ import annotations

import functools
import re
import shlex
import struct
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whynet import cli, registry
from whynet.cli import app, verb
from whynet.errors import WhynetError
from whynet.recipe import Recipe
from whynet.registry import discover

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENGLISH = [ROOT / "README.md", *sorted((DOCS / "en").glob("*.md"))]
KOREAN = [ROOT / "README.ko.md", *(DOCS / "ko" / page.name for page in ENGLISH[1:])]
PAGES = [*ENGLISH, *KOREAN]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
IN_HTML = re.compile(r'(?:src|href)="([^"]+)"')
SHELL = re.compile(
    r"make( (demo|test|lint|bench|docs( QUICK=1)?( ONLY=[\w,-]+)?))?|python3 -m venv .*|\.venv/bin/(pip|python) .*|source .*|"
    r"export \w+=.*|ray start .*|torchrun .*"
)

discover(cli.__name__, cli.__path__)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[tuple[str, str]]:
    """Every fenced block as (language, content)."""
    return FENCE.findall(page.read_text("utf-8"))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def commands() -> Iterator[tuple[str, str]]:
    """Every line of a shell block, with the page it stands in; and every whynet command in the running text."""
    for page in PAGES:
        for language, content in blocks(page):
            if language == "sh":
                yield from ((name_of(page), line) for line in content.splitlines() if line and not line.startswith("#"))
        for line in re.findall(r"`(whynet [^`]+)`", prose(page)):
            yield name_of(page), line.replace("\\|", "|")


def headings(page: Path) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]


# --- alike in both languages -----------------------------------------------------------------------------------------


def test_every_page_is_there_in_both_languages() -> None:
    assert {page.name for page in (DOCS / "ko").glob("*.md")} == {page.name for page in (DOCS / "en").glob("*.md")}
    assert len(ENGLISH) >= 9


@pytest.mark.parametrize(
    ("english", "korean"), list(zip(ENGLISH, KOREAN, strict=True)), ids=[name_of(page) for page in ENGLISH]
)
def test_both_languages_have_one_structure(english: Path, korean: Path) -> None:
    assert headings(english) == headings(korean)
    assert [language for language, _ in blocks(english)] == [language for language, _ in blocks(korean)]
    code = [[content for language, content in blocks(page) if language in ("python", "sh")] for page in (english, korean)]
    assert code[0] == code[1]
    tables = [re.findall(r"^\|(?: --- \|)+$", prose(page), re.MULTILINE) for page in (english, korean)]
    assert tables[0] == tables[1]
    rows = [len(re.findall(r"^\|", prose(page), re.MULTILINE)) for page in (english, korean)]
    assert rows[0] == rows[1]
    assert len(re.findall(r"^(?:-|\d+\.) ", prose(english), re.MULTILINE)) == len(
        re.findall(r"^(?:-|\d+\.) ", prose(korean), re.MULTILINE)
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_in_its_language(page: Path) -> None:
    """An English page has Korean only where it leads to the Korean one."""
    words = LINK.sub("", prose(page))
    hangul, latin = len(re.findall("[가-힣]", words)), len(re.findall("[A-Za-z]", words))
    assert hangul == 0 if page in ENGLISH else hangul > latin / 4


# --- up to date ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_up_to_date(page: Path, refresh: ModuleType) -> None:
    assert page.read_text("utf-8") == refresh.refreshed(page), "write it anew: .venv/bin/python docs/refresh.py"


def test_every_python_block_is_an_example_and_every_example_is_shown() -> None:
    shown = {content for page in PAGES for language, content in blocks(page) if language == "python"}
    files = {file.read_text("utf-8") for file in (DOCS / "examples").rglob("*.py")}
    assert shown == files


@pytest.mark.parametrize("pages", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_everything_known_by_name_is_written_down(pages: list[Path], refresh: ModuleType) -> None:
    refresh.discover()
    text = "\n".join(page.read_text("utf-8") for page in pages)
    kinds: tuple[Any, ...] = ("data", "model", "layer", "loss", "optimizer", "schedule", "clip", "init", "probe", "question")
    unsaid = [f"{kind} {name}" for kind in kinds for name in registry.names(kind) if f"`{name}`" not in text]
    unsaid += [one.name for one in verb.verbs() if f"`{one.name}`" not in text]
    language = refresh.language_of(pages[0])
    unsaid += [info.name for info in registry.infos("cause") if info.make.title.show(language) not in text]
    unsaid += [field.name for field in fields(Recipe) if f"`{field.name}" not in text and f'"{field.name}"' not in text]
    assert not unsaid


# --- what is named exists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in [*LINK.findall(prose(page)), *IN_HTML.findall(prose(page))]:
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            assert (page.parent / path).exists(), target
            assert not anchor, "a link to a heading breaks when the heading is reworded"
    for path in re.findall(r"`((?:whynet|tests|docs|benchmarks)/[\w./-]*)`", text):
        assert (ROOT / path).exists() or path.endswith("sign_sgd.py"), path


def test_pictures_are_small_and_there_for_both_languages() -> None:
    pictures = sorted((DOCS / "images").iterdir())
    assert [picture.name for picture in pictures] == ["why-en.png", "why-ko.png"]
    for picture in pictures:
        raw = picture.read_bytes()
        width, height = struct.unpack(">II", raw[16:24])
        assert raw[:8] == b"\x89PNG\r\n\x1a\n"
        assert 600 <= width <= 1400
        assert 600 <= height <= 1400
        assert len(raw) < 150_000


def test_commands_are_found() -> None:
    assert len(list(commands())) > 60


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_exists(page: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Parsed by whynet itself, up to the moment in which the verb would run; the recipe it asks for is made where data is by name."""
    words = shlex.split(line)
    if words[0] != "whynet":
        assert SHELL.fullmatch(line), line
        return
    if words[1:] in ([one.name] for one in verb.verbs()):
        return  # the verb itself is spoken of
    called: list[str] = []
    for one in verb.verbs():
        monkeypatch.setitem(verb._verbs, one.name, replace(one, run=_stub(one, called)))
    assert app.main(words[1:]) == 0, capsys.readouterr().err
    assert called or len(words) == 1 or "--help" in words


def _stub(one: verb.Verb, called: list[str]) -> Any:
    """The verb with its signature, doing nothing but checking what a recipe would check."""

    @functools.wraps(one.run)
    def run(**given: Any) -> None:
        called.append(one.name)
        settings, data = given.get("settings"), given.get("data")
        if settings is not None and data and not data.startswith(("sales", "pictures", "folder")):
            try:
                settings.recipe(data, given.get("model") or "mlp")
            except WhynetError as error:
                pytest.fail(str(error))

    return run


def test_what_make_is_asked_for_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = {line.split()[1] for _, line in commands() if line.startswith("make ")}
    assert asked == {"demo", "test"} | asked
    assert asked <= targets


def test_the_licence_is_the_one_that_is_declared() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert licence.startswith("MIT License")
    assert "2026 whynet developers" in licence
    assert 'license = "MIT"' in (ROOT / "pyproject.toml").read_text("utf-8")
