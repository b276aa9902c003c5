"""The names of classes in a YOLO folder: a YAML file of the few forms that are in use, or a list.

    path: .                    path: ../data                        classes.txt
    train: images/train        train: images   # a comment          cat
    val: images/val            names: [cat, 'dog']                  dog
    names:
      0: cat                   names:
      1: dog                     - cat

That much of YAML is read here and nothing else of it; keys other than these are passed over with all that is indented below them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from whynet.data.labelled import malformed
from whynet.text import Text

FOLDERS = ("train", "val", "test")
_KEY = re.compile(r"(\w+)\s*:(?:\s+(.*)|)$")
_ENTRY = re.compile(r"(?:-|['\"]?(\d+)['\"]?\s*:)\s+(.*)$")  # "- cat" or "0: cat"
_QUOTED = r"""'((?:[^']|'')*)'|"((?:[^"\\]|\\["\\])*)" """.strip()
_BEGIN = r"(?![-?:]\s)[^\s'\"\[\]{},#&*!|>%@`]"  # of a text without quotes; the other signs mean something to YAML
_ALONE = re.compile(rf"(?:{_QUOTED}|({_BEGIN}(?:(?!\s#|:\s).)*?))(?:\s+#.*|\s*)")
_IN_LIST = re.compile(rf"(?:{_QUOTED}|({_BEGIN}[^,\[\]{{}}]*?))\s*(?:,\s*|$)")


@dataclass(frozen=True)
class Names:
    """The class names by number, and where the pictures of each split are, relative to ``path``."""

    words: tuple[str, ...]
    path: str = "."
    folders: Mapping[str, str] = field(default_factory=dict)


def read_list(text: str, place: str) -> Names:
    """Names one in a line. Raises `DataError` where there are none."""
    words = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not words:
        raise malformed(place, text, _NAMES)
    return Names(words)


def read_yaml(text: str, place: str) -> Names:
    """Names and folders of a YAML file. Raises `DataError` with file and line for what is none of the forms above."""
    told: dict[str, str] = {}
    names: dict[int, str] = {}
    count, below, at = None, "", place
    for number, line in _lines(text):
        at = f"{place}:{number}"
        bare, indented = line.strip(), line[0] in " \t"
        key, entry = _KEY.match(bare), _ENTRY.match(bare)
        if key and not indented:
            below, value = key[1], (key[2] or "").strip()
            if below == "names" and value and not value.startswith("#"):
                names.update(enumerate(_flow(value, at)))
            elif below == "nc":
                count = (_scalar(value, at), at)
            elif below in (*FOLDERS, "path") and value and not value.startswith("#"):
                told[below] = _scalar(value, at)
        elif below == "names" and entry:
            names[int(entry[1]) if entry[1] else len(names)] = _scalar(entry[2], at)
        elif below in ("", "names", *FOLDERS, "path") or not (indented or entry):
            raise malformed(at, bare, _FORMS)
    if not names or sorted(names) != list(range(len(names))):
        raise malformed(place, ", ".join(f"{number}: {name}" for number, name in sorted(names.items())), _NAMES)
    if count and count[0] != str(len(names)):
        raise malformed(count[1], f"nc: {count[0]}", _COUNT.fill(n=len(names)))
    words = tuple(names[number] for number in sorted(names))
    return Names(words, told.get("path", "."), {key: told[key] for key in FOLDERS if key in told})


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers; a list in brackets is one line wherever it is broken."""
    open_, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#") or line.strip() in ("---", "..."):
            continue
        open_, begun = (f"{open_} {line.strip()}", begun) if open_ else (line, number)
        if re.match(r"names\s*:\s*\[[^\]]*$", open_):
            continue
        yield begun, open_
        open_ = ""
    if open_:
        yield begun, open_


def _flow(value: str, place: str) -> list[str]:
    """The names of a list in brackets."""
    inner = re.fullmatch(r"\[(.*?),?\s*\](?:\s+#.*|\s*)", value)
    if inner is None:
        raise malformed(place, value, _FORMS)
    names, rest = [], inner[1].strip()
    while rest:
        found = _IN_LIST.match(rest)
        if found is None:
            raise malformed(place, rest, _FORMS)
        names.append(_text(found))
        rest = rest[found.end() :]
    return names


def _scalar(value: str, place: str) -> str:
    """One text, plain or in quotes, without the comment after it."""
    found = _ALONE.fullmatch(value)
    if found is None:
        raise malformed(place, value, _FORMS)
    return _text(found)


def _text(found: re.Match[str]) -> str:
    single, double, plain = found.groups()
    if single is not None:
        return str(single).replace("''", "'")
    return re.sub(r"\\(.)", r"\1", double) if double is not None else str(plain).strip()


_FORMS = Text(
    "one of the forms 'names: [cat, dog]', '0: cat' or '- cat' under names:, 'train: folder'",
    "'names: [cat, dog]', names: 아래의 '0: cat'이나 '- cat', 'train: 폴더' 가운데 하나",
)
_NAMES = Text("the names of the classes, numbered from 0 without gaps", "0부터 빠짐없이 번호를 매긴 클래스 이름")
_COUNT = Text("nc: {n}, as many as there are names", "이름의 개수와 같은 nc: {n}")
