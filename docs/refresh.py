"""Write anew what the pages take from elsewhere: examples from their files, lists from the registry and the command line.

    .venv/bin/python docs/refresh.py

In a page, ``<!-- example: recipes.py -->`` stands above the whole of docs/examples/recipes.py, and ``<!-- list: optimizer -->``
above everything registered as one, in the page's language, up to ``<!-- end -->``; ``<!-- count: cause -->`` stands before their
number. A test fails where a page is behind.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import whynet
from whynet import registry
from whynet.cli.verb import verbs
from whynet.text import Language, Text, use_language

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```python\n.*?```\n", re.DOTALL)
COUNT = re.compile(r"<!-- count: (\w+) -->\d+")
LIST = re.compile(r"<!-- list: (\w+) -->\n.*?<!-- end -->\n", re.DOTALL)


def pages() -> list[Path]:
    """Every page, the READMEs first."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def language_of(page: Path) -> Language:
    """Korean for README.ko.md and everything in docs/ko."""
    return "ko" if page.name.endswith(".ko.md") or page.parent.name == "ko" else "en"


def refreshed(page: Path) -> str:
    """The page as it should be."""
    discover()
    with use_language(language_of(page)):
        text = EXAMPLE.sub(lambda found: _example(found[1]), page.read_text("utf-8"))
        text = COUNT.sub(lambda found: f"<!-- count: {found[1]} -->{_count(found[1])}", text)
        return LIST.sub(lambda found: f"<!-- list: {found[1]} -->\n{_list(found[1])}\n<!-- end -->\n", text)


def discover() -> None:
    """Import every room, so that all it registers is known."""
    for module in pkgutil.walk_packages(whynet.__path__, "whynet."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _example(name: str) -> str:
    return f"<!-- example: {name} -->\n```python\n{(EXAMPLES / name).read_text('utf-8')}```\n"


def _count(kind: Any) -> int:
    return len(registry.names(kind))


def _list(kind: str) -> str:
    return LISTS.get(kind, lambda: _registered(kind))()


def _registered(kind: Any) -> str:
    return _table([_NAME, _IDEA], ((f"`{one.name}`", one.idea) for one in registry.infos(kind)))


def _layers() -> str:
    return ", ".join(f"`{name}`" for name in registry.names("layer"))


def _causes() -> str:
    rows = ((one.make.title, one.idea, f"{one.source}") for one in registry.infos("cause"))
    return _table([_CAUSE, _IDEA, _SOURCE], rows)


def _questions() -> str:
    from whynet.questions import book

    return _table([_NAME, _QUESTION], ((f"`{one.name}`", one.idea) for infos in book().values() for one in infos))


def _verbs() -> str:
    return _table([_VERB, _DOES, _FOR_EXAMPLE], ((f"`{one.name}`", one.help, f"`{one.examples[0]}`") for one in verbs()))


def _settings() -> str:
    fit = next(one for one in verbs() if one.name == "fit")
    own = [one for one in fit.parameters if one.owner == "settings"]
    return _table([_NAME, _COMMAND_LINE, _DOES], ((f"`{one.name}`", f"`{one.dashed}`", one.word.help) for one in own))


def _table(heads: Iterable[Text], rows: Iterable[Iterable[Text | str]]) -> str:
    lines = [[str(head) for head in heads]]
    lines += [["---"] * len(lines[0]), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


LISTS: dict[str, Callable[[], str]] = {
    "layer": _layers, "cause": _causes, "question": _questions, "verbs": _verbs, "settings": _settings,
}  # fmt: skip
_NAME, _IDEA = Text("name", "이름"), Text("idea", "핵심")
_CAUSE, _SOURCE = Text("cause", "원인"), Text("source", "출처")
_QUESTION = Text("question", "질문")
_VERB, _DOES, _FOR_EXAMPLE = Text("verb", "명령"), Text("what it does", "하는 일"), Text("for example", "예")
_COMMAND_LINE = Text("on the command line", "명령줄에서")


if __name__ == "__main__":
    for each in pages():
        new = refreshed(each)
        if new != each.read_text("utf-8"):
            each.write_text(new, "utf-8")
            print(each.relative_to(ROOT))
