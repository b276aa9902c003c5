"""Sentences in English and Korean, kept beside the thing they speak of.

    >>> greeting = Text("{n} networks trained", "네트워크 {n}개를 학습했다")
    >>> str(greeting.fill(n=3))
    '3 networks trained'

A Korean particle depends on the last sound of the word before it (학습률은, 모델을), so a Korean field may
end in one: ``{name:은}`` writes ``은`` or ``는``, ``{value:.2f을}`` formats the number and then writes ``을`` or ``를``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal, get_args

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_language: ContextVar[Language] = ContextVar("language", default="en")


def language() -> Language:
    """The language in which a `Text` is shown now."""
    return _language.get()


def set_language(name: Language) -> None:
    """Show every `Text` in this language from here on."""
    if name not in LANGUAGES:
        raise ValueError(f"Expected a language out of {LANGUAGES}. Received: {name!r}")
    _language.set(name)


@contextmanager
def use_language(name: Language) -> Iterator[None]:
    """Show every `Text` in this language inside the ``with`` block."""
    before = language()
    set_language(name)
    try:
        yield
    finally:
        _language.set(before)


@dataclass(frozen=True)
class Text:
    """One sentence in both languages; ``str()`` gives the one of the current language."""

    en: str
    ko: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def fill(self, **values: Any) -> Text:
        """The same sentence with its ``{fields}`` filled; a value that is itself a `Text` is shown in the right language."""
        return Text(self.en, self.ko, {**self.values, **values})

    def show(self, lang: Language) -> str:
        """The sentence in one language, whatever the current one is."""
        template = self.en if lang == "en" else self.ko
        if not self.values:
            return template
        values = {key: value.show(lang) if isinstance(value, Text) else value for key, value in self.values.items()}
        return _FORMATTERS[lang].vformat(template, (), values)

    @property
    def both(self) -> dict[Language, str]:
        """The sentence in each language, for JSON."""
        return {name: self.show(name) for name in LANGUAGES}

    def __str__(self) -> str:
        return self.show(language())

    def __hash__(self) -> int:
        return hash((self.en, self.ko, frozenset(self.values)))  # not the values: they may be equal and print differently


def plain(text: str) -> Text:
    """A `Text` that reads the same in both languages: a name, a formula, a spec."""
    braced = text.replace("{", "{{").replace("}", "}}")
    return Text(braced, braced, {"": ""}) if braced != text else Text(text, text)


def join(texts: Iterable[Text], separator: str = " ") -> Text:
    """Several sentences as one."""
    parts = list(texts)
    names = [f"part{i}" for i in range(len(parts))]
    template = separator.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in names)
    return Text(template, template, dict(zip(names, parts, strict=True)))


# --- Korean particles ------------------------------------------------------------------------------------------------

_PARTICLES = {  # as written in a template: (after a consonant, after a vowel)
    "은": ("은", "는"), "는": ("은", "는"),
    "이": ("이", "가"), "가": ("이", "가"),
    "을": ("을", "를"), "를": ("을", "를"),
    "과": ("과", "와"), "와": ("과", "와"),
    "으로": ("으로", "로"), "로": ("으로", "로"),
    "이다": ("이다", "다"), "이나": ("이나", "나"),
    "이라는": ("이라는", "라는"), "라는": ("이라는", "라는"),
}  # fmt: skip
_PARTICLE = re.compile("(" + "|".join(sorted(_PARTICLES, key=len, reverse=True)) + ")$")
_DIGIT_ENDS = dict(zip("0123456789", "ㅇㄹ-ㅇ--ㅇㄹㄹ-", strict=True)) | {"²": "ㅇ"}  # 영 일 이 삼 사 오 육 칠 팔 구 제곱
_ENDS_IN_L = re.compile(r"(L|R|l|le|^[^aeiou]*r)$")  # SGDR 에스지디알, lr 엘알, model 모델, scale 스케일
# Adam 아담, name 네임, training 트레이닝, metric 메트릭, dropout 드롭아웃, block 블록
_ENDS_IN_CONSONANT = re.compile(r"([MN]|[mn]e?|ng|[aeiou][cpt]|ck)$")


def final_sound(word: str) -> str:
    """How the word ends when read aloud in Korean: ``"-"`` in a vowel, ``"ㄹ"``, or another consonant ``"ㅇ"``."""
    word = _without_aside(word)
    letters = re.sub(r"[^\w%]|_", "", word)  # % is read aloud, 퍼센트
    last = letters[-1:] or "-"
    if "가" <= last <= "힣":
        tail = (ord(last) - ord("가")) % 28  # 0: no final consonant; 8: ㄹ
        return "-" if tail == 0 else "ㄹ" if tail == 8 else "ㅇ"
    if last in _DIGIT_ENDS:
        return _DIGIT_ENDS[last]
    return "ㄹ" if _ENDS_IN_L.search(letters) else "ㅇ" if _ENDS_IN_CONSONANT.search(letters) else "-"


def _without_aside(word: str) -> str:
    """The word without what stands in brackets at its end, which the particle passes over: 초기화(initialisation)는."""
    word, depth = word.rstrip("\"'`*.,!? "), 0
    if not word.endswith(")"):
        return word
    for i in range(len(word) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(word[i], 0)
        if depth == 0:
            return word[:i].rstrip()
    return word


def with_particle(word: str, particle: str) -> str:
    """The word followed by the form of the particle that fits it: ``with_particle("모델", "은") == "모델은"``."""
    after_consonant, after_vowel = _PARTICLES[particle]
    sound = final_sound(word)
    takes_vowel_form = sound == "-" or (sound == "ㄹ" and after_vowel == "로")  # 서울로, not 서울으로
    return word + (after_vowel if takes_vowel_form else after_consonant)


class _Korean(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        found = _PARTICLE.search(format_spec)
        if not found:
            return str(super().format_field(value, format_spec))
        return with_particle(str(super().format_field(value, format_spec[: found.start()])), found[1])


_FORMATTERS: dict[Language, Formatter] = {"en": Formatter(), "ko": _Korean()}
