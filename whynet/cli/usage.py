"""What is said of a command line that cannot be read, in both languages, with the nearest name that could."""

from __future__ import annotations

from typing import Any

from typer import TyperException

from whynet.cli.verb import Verb
from whynet.errors import WhynetError, nearest
from whynet.text import Text, plain


class UsageError(WhynetError):
    """A command line that names no verb, or leaves out or adds something."""


def explain(error: TyperException, verb: Verb | None) -> UsageError:
    """The parser's complaint as one of ours; told apart by its class name, since the parser keeps its classes to itself."""
    reason: Any = error
    kind = type(error).__name__
    hint = Text("See: whynet {verb}--help", "도움말: whynet {verb}--help").fill(verb=f"{verb.name} " if verb else "")
    known = [one.label for one in verb.parameters if not one.word.by_place] if verb else []
    known += ["--help", "--lang", "--debug"] if verb else ["--help", "--lang", "--debug", "--version"]
    if kind == "NoSuchOption":
        return UsageError(_NO_OPTION, option=reason.option_name, near=nearest(reason.option_name, known), hint=hint)
    if kind == "MissingParameter":
        missing = next((one for one in verb.parameters if one.name == reason.param.name), None) if verb else None
        about = missing.word.help if missing else plain("")
        label = missing.label if missing else str(reason.param.name)
        return UsageError(_MISSING, name=label, about=about, example=verb.examples[0] if verb else "whynet --help")
    if kind == "BadOptionUsage":
        flags = [one.label for one in verb.parameters if one.is_flag] if verb else []
        words = _TAKES_NONE if reason.option_name in flags else _NO_VALUE
        return UsageError(words, option=reason.option_name, hint=hint)
    if "extra argument" in error.format_message():
        extra = error.format_message().partition("argument(s) (")[2].removesuffix(")")
        return UsageError(_EXTRA, extra=extra, hint=hint)
    return UsageError(_OTHER, said=error.format_message(), hint=hint)


_NO_OPTION = Text("There is no option {option}. {near} {hint}", "{option:은} 없는 옵션이다. {near} {hint}")
_MISSING = Text("Expected {name}: {about}. For example: {example}", "{name:이} 필요하다: {about}. 예: {example}")
_NO_VALUE = Text("The option {option} needs a value after it. {hint}", "{option} 뒤에 값이 필요하다. {hint}")
_TAKES_NONE = Text("The option {option} takes no value. {hint}", "{option} 옵션에는 값을 쓰지 않는다. {hint}")
_EXTRA = Text("Nothing was expected after the arguments. Received: {extra}. {hint}", "인자가 더 있다. 받은 것: {extra}. {hint}")
_OTHER = Text("{said} {hint}", "명령을 읽을 수 없다: {said} {hint}")
