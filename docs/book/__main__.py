"""Build the site: ask every question, write its page in both languages, run mkdocs. `make docs` calls it.

    make docs                          every question in full, which takes long where nothing is kept yet
    make docs QUICK=1                  every question on its quick setting
    make docs QUICK=1 ONLY=xor,taylor  these two

What was asked is kept in build/answers until the source changes that it was answered by. A question that fails is named and left
out; the others go on, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from docs.book.answers import Kept, measure, recall
from docs.book.site import build, write_sources
from whynet.cli.meter import meter
from whynet.errors import WhynetError
from whynet.questions import Answer, book, find

BUILD = Path(__file__).parents[2] / "build"


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, write, build; 0 where everything came out, 1 where a question failed or mkdocs complained, 2 for a wrong name."""
    asked = parser().parse_args(argv)
    try:
        wanted = names(asked.only)
    except WhynetError as error:
        print(error, file=sys.stderr)
        return 2
    kept, failed = gather(wanted, asked.quick, asked.build / "answers")
    configurations = write_sources(book(), kept, asked.build / "docs-src", asked.build / "site")
    if asked.sources_only:
        code = 0
    else:
        code = build(configurations, asked.build / "site")
        if code == 0:
            print(f"{asked.build / 'site' / 'index.html'}")
    for name, reason in failed.items():
        print(f"{name} has no page: {reason}", file=sys.stderr)
    return 1 if failed or code else 0


def parser() -> argparse.ArgumentParser:
    """The options; the Makefile makes them from QUICK and ONLY."""
    made = argparse.ArgumentParser(prog="python -m docs.book", description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--quick", action="store_true", help="ask on the quick setting: seconds each, less sure")
    made.add_argument("--only", default="", metavar="NAME,NAME", help="ask only these questions")
    made.add_argument("--sources-only", action="store_true", help="write the Markdown and do not run mkdocs")
    made.add_argument("--build", type=Path, default=BUILD, metavar="FOLDER", help="where everything is written; build/")
    return made


def names(only: str) -> list[str]:
    """The questions to ask, in the order of the book. Raises `UnknownNameError`."""
    wanted = {find(name).name for name in only.split(",") if name.strip()}
    return [info.name for infos in book().values() for info in infos if not wanted or info.name in wanted]


def gather(wanted: Sequence[str], quick: bool, store: Path) -> tuple[dict[str, Kept], dict[str, str]]:
    """Every answer, asked for or recalled, and why those are missing that failed."""
    kept: dict[str, Kept] = {}
    failed: dict[str, str] = {}
    for place, name in enumerate(wanted, 1):
        print(f"[{place}/{len(wanted)}] {name}", end=" ", flush=True)
        started = time.monotonic()
        try:
            found = recall(name, quick, store)
            if found is None:
                with meter() as listen:
                    found = measure(name, quick, store, listen)
                print(f"{time.monotonic() - started:.0f} s, {_counts(found.answer)}")
            else:
                print(f"kept, {_counts(found.answer)}")
            kept[name] = found
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
            print(failed[name])
            if not isinstance(error, WhynetError):
                traceback.print_exc()
    return kept, failed


def _counts(answer: Answer) -> str:
    return f"{answer.count('held')} held, {answer.count('did not hold')} did not, {answer.count('undecided')} undecided"


if __name__ == "__main__":
    sys.exit(main())
