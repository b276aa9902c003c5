"""From answers to a site: Markdown for both languages, one configuration of mkdocs each, and the build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.book.answers import THEMES, Kept
from docs.book.guide import write_guide
from docs.book.index_page import TITLE, index_page
from docs.book.question_page import question_page
from whynet.figures.style import FONT
from whynet.questions import Chapter
from whynet.registry import Info
from whynet.text import LANGUAGES, Language, Text, use_language

ASSETS = Path(__file__).parent / "assets"
# In Korean a particle is part of the word before it; the search completes words, so that 기울기 finds 기울기를. What stands in
# brackets, as the English term does at first use, has to begin a word of its own.
BETWEEN_WORDS = r"[\s\-·,:;.?!()\[\]\"'“”`=|/]+"
NAMES: dict[Language, str] = {"en": "English", "ko": "한국어"}

Book = Mapping[Chapter, list[Info]]


def write_sources(book: Book, kept: Mapping[str, Kept], folder: Path, site: Path) -> list[Path]:
    """Write the Markdown of the whole site into a folder, made anew; the configurations, one a language."""
    shutil.rmtree(folder, ignore_errors=True)
    return [_write_language(language, book, kept, folder, site) for language in LANGUAGES]


def _write_language(language: Language, book: Book, kept: Mapping[str, Kept], folder: Path, site: Path) -> Path:
    pages = folder / language
    guide = write_guide(language, pages, kept.keys())
    questions = pages / "questions"
    questions.mkdir()
    answers = {name: one.answer for name, one in kept.items()}
    (questions / "index.md").write_text(index_page(book, answers, language), "utf-8")
    for name, one in kept.items():
        (questions / f"{name}.md").write_text(question_page(one, language), "utf-8")
        (questions / name).mkdir()
        for place in range(1, len(one.titles) + 1):
            for theme in THEMES:
                shutil.copyfile(one.figure(place, language, theme), questions / name / f"figure-{place}-{theme}.png")
    shutil.copytree(ASSETS / "pages", pages / "assets")
    shutil.copyfile(FONT, pages / "assets" / FONT.name)
    configuration = folder / f"mkdocs.{language}.yml"
    written = json.dumps(settings(language, pages, site / language, _nav(language, guide, book, kept)), indent=2)
    configuration.write_text(written, "utf-8")  # JSON is YAML
    return configuration


def _nav(language: Language, guide: list[str], book: Book, kept: Mapping[str, Kept]) -> list[Any]:
    """Guide and question book; the names of pages are their own headings."""
    chapters = [
        {chapter.title.show(language): [f"questions/{info.name}.md" for info in infos if info.name in kept]}
        for chapter, infos in book.items()
        if any(info.name in kept for info in infos)
    ]
    with use_language(language):
        return [{str(GUIDE): ["index.md", *guide]}, {str(TITLE): ["questions/index.md", *chapters]}]


def settings(language: Language, pages: Path, site: Path, nav: list[Any]) -> dict[str, Any]:
    """The configuration of one language. Nothing in it is fetched by a reader's browser from elsewhere."""
    palettes = [
        {"media": f"(prefers-color-scheme: {theme})", "scheme": scheme, "primary": "blue grey", "accent": "blue",
         "toggle": {"icon": f"material/weather-{icon}", "name": other.show(language)}}
        for theme, scheme, icon, other in (("light", "default", "sunny", DARKER), ("dark", "slate", "night", LIGHTER))
    ]  # fmt: skip
    return {
        "site_name": "whynet",
        "docs_dir": str(pages),
        "site_dir": str(site),
        "use_directory_urls": False,  # links that work without a server
        "nav": nav,
        "theme": {
            "name": "material", "language": language, "font": False, "palette": palettes,
            "icon": {"logo": "material/flask-outline"},
            "features": ["navigation.tabs", "navigation.indexes", "navigation.top", "navigation.footer", "content.code.copy",
                         "search.highlight", "toc.follow"],
        },
        "plugins": [
            {"search": {"lang": ["ko", "en"] if language == "ko" else ["en"], "separator": BETWEEN_WORDS, "pipeline": []}},
            "offline",  # a search without a server
        ],
        "markdown_extensions": ["admonition", "md_in_html", "tables", "pymdownx.superfences", {"toc": {"permalink": True}},
                                {"pymdownx.highlight": {"use_pygments": True}}],
        "extra_css": ["assets/site.css"],
        "extra": {
            "generator": False,
            "alternate": [{"name": name, "link": "index.html", "lang": other} for other, name in NAMES.items()],
            "polyfills": ["assets/iframe-worker.js"],  # ours; the plugin would take one from elsewhere
        },
        "hooks": [str(Path(__file__).parent / "links.py")],
        "validation": {"nav": {"omitted_files": "warn", "not_found": "warn"}, "links": {"not_found": "warn", "anchors": "warn"}},
    }  # fmt: skip


def build(configurations: list[Path], site: Path) -> int:
    """Run mkdocs over each language; 0 where every page and link was in order."""
    shutil.rmtree(site, ignore_errors=True)
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    for configuration in configurations:
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(configuration)]
        code = subprocess.run(command, env=quiet, check=False).returncode
        if code:
            return code
    for language in LANGUAGES:
        (site / language / "404.html").unlink(missing_ok=True)  # a folder below the root is never asked for one
    shutil.copyfile(ASSETS / "entry.html", site / "index.html")
    return 0


GUIDE = Text("Guide", "안내")
DARKER, LIGHTER = Text("Dark page", "어두운 화면"), Text("Light page", "밝은 화면")
