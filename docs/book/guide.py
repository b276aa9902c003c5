"""The pages of docs/ and the README, as the site wants them: links led to its own pages, marks of the tools taken out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from whynet.text import Language

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READMES: dict[Language, str] = {"en": "README.md", "ko": "README.ko.md"}
ORDER = (
    "start",
    "doctor",
    "watch",
    "comparisons",
    "recipes-and-specs",
    "data",
    "seeing",
    "finetuning",
    "engine",
    "devices",
    "store",
    "adding",
)

_MARK = re.compile(r"^<!-- (?:example|list|end)\b.*?-->\n", re.MULTILINE)
_COUNT = re.compile(r"<!-- count: \w+ -->")
_SWITCH = re.compile(r"^\[[^\]]+\]\(README[\w.]*\)\n+", re.MULTILINE)
_QUESTIONS = re.compile(r"^<!-- list: question -->\n.*?^<!-- end -->\n", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_ROW = re.compile(r"^\| `([\w-]+)` \|", re.MULTILINE)


def write_guide(language: Language, folder: Path, asked: Collection[str]) -> list[str]:
    """Write home and guide into a folder, with their pictures; the names of the pages in their order.

    ``asked``: the questions that have a page, to which the list of questions leads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(home((ROOT / READMES[language]).read_text("utf-8"), language, asked), "utf-8")
    pages = sorted((DOCS / language).glob("*.md"), key=lambda page: (_place(page.stem), page.stem))
    for page in pages:
        (folder / page.name).write_text(cleaned(page.read_text("utf-8"), asked), "utf-8")
    shutil.copytree(DOCS / "images", folder / "images", dirs_exist_ok=True)
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE.txt")
    return [page.name for page in pages]


def home(readme: str, language: Language, asked: Collection[str]) -> str:
    """The README as the first page of a site."""
    text = _SWITCH.sub("", cleaned(readme, asked))  # the site has a switch of its own
    return (
        text.replace(f"](docs/{language}/", "](").replace("](docs/images/", "](images/").replace("](LICENSE)", "](LICENSE.txt)")
    )


def cleaned(page: str, asked: Collection[str]) -> str:
    """Without the marks of docs/refresh.py; questions with a page become links.

    A pipe in the code of a table is escaped for GitHub; here the backslash would be shown.
    """
    linked = _QUESTIONS.sub(lambda found: _ROW.sub(lambda row: _row(row, asked), found[0]), page)
    return _CODE.sub(lambda code: code[0].replace("\\|", "|"), _COUNT.sub("", _MARK.sub("\n", linked)))


def _row(row: re.Match[str], asked: Collection[str]) -> str:
    return f"| [`{row[1]}`](questions/{row[1]}.md) |" if row[1] in asked else row[0]


def _place(name: str) -> int:
    """Where a page stands; one that is new comes last until it is given a place."""
    return ORDER.index(name) if name in ORDER else len(ORDER)
