"""From a command line to a verb and an exit code.

The language is looked for before anything else, so that even the help is in it. Codes: 0 done; 1 a fault of whynet's own, or a check
that failed; 2 something the user can mend; 130 interrupted.
"""

from __future__ import annotations

import inspect
import locale
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from whynet import cli
from whynet.cli.help import NAME, program_help, verb_help
from whynet.cli.screen import err, say
from whynet.cli.usage import UsageError, explain
from whynet.cli.verb import Parameter, Verb, verbs
from whynet.errors import OptionError, WhynetError, nearest
from whynet.registry import discover
from whynet.text import LANGUAGES, Language, Text, language, use_language


class StoppedError(Exception):
    """The user pressed Ctrl-C; the message says what is kept and how to go on."""

    def __init__(self, message: Text | None = None) -> None:
        self.message = message or _INTERRUPTED
        super().__init__(self.message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "PASSIVE"
    )  # read when torch is loaded: its threads then wait without burning a core,
    # which on a busy machine of two cores makes LeNet-5 train at 30 to 45 steps a second and not at 4 to 12
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in _ours(words)
    try:
        wanted, words = _take_language([word for word in words if word != "--debug"])
    except WhynetError as error:
        return _complain(error, debug)
    with use_language(wanted):
        try:
            return _run(words)
        except WhynetError as error:
            return _complain(error, debug)
        except (KeyboardInterrupt, StoppedError) as stop:
            say(stop.message if isinstance(stop, StoppedError) else _INTERRUPTED, to=err())
            return 130
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its exit
            return 1
        except Exception as error:
            if debug:
                traceback.print_exc()
            say(_FAULT.fill(kind=type(error).__name__, error=str(error).strip() or "–"), style="red", to=err())
            return 1


def _run(words: list[str]) -> int:
    discover(cli.__name__, cli.__path__)
    known = {one.name: one for one in verbs()}
    named = next((known[word] for word in words if word in known), None)
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in known:
        raise UsageError(_NO_VERB, name=first, near=nearest(first, known))
    try:
        code = typer.main.get_command(_app())(words or ["--help"], prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        raise explain(error, named) from error
    except typer.Abort:
        raise StoppedError from None
    return code if isinstance(code, int) else 0


def _complain(error: WhynetError, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    say(f"{NAME}: {error}", style="red", to=err())
    return 2


# --- the language ----------------------------------------------------------------------------------------------------


def _ours(words: list[str]) -> list[str]:
    """The words before ``--``."""
    return words[: words.index("--")] if "--" in words else words


def _take_language(words: list[str]) -> tuple[Language, list[str]]:
    """The language asked for with ``--lang ko`` or ``--lang=ko``, else the system's, and the words without it."""
    rest, wanted, ours = list(words), None, len(_ours(words))
    for i in reversed(range(ours)):
        name, equals, value = words[i].partition("=")
        if name != "--lang":
            continue
        given = value if equals else words[i + 1] if i + 1 < ours else ""
        if given not in LANGUAGES:
            with use_language(system_language()):
                raise OptionError(_NO_LANGUAGE, received=given or "–")
        wanted = wanted or given
        del rest[i : i + (1 if equals else 2)]
    return wanted or system_language(), rest


def system_language() -> Language:
    """Korean where the environment says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "ko" if os.environ[name].lower().startswith("ko") else "en"
    return "ko" if (locale.getlocale()[0] or "").lower().startswith(("ko", "korean")) else "en"


# --- verbs as commands -----------------------------------------------------------------------------------------------


class _Program(TyperGroup):
    def format_help(self, ctx: Any, formatter: Any) -> None:
        program_help()


def _app() -> typer.Typer:
    """A typer application in the current language."""
    app = typer.Typer(cls=_Program, context_settings=_HELP, rich_markup_mode=None, add_completion=True)

    @app.callback(invoke_without_command=True)
    def program(show_version: bool = typer.Option(False, "--version")) -> None:
        if show_version:
            say(f"{NAME} {version(NAME)}")

    for one in verbs():
        app.command(one.name, cls=_command(one), help=str(one.help), context_settings=_HELP)(_callback(one))
    return app


def _command(verb: Verb) -> type[TyperCommand]:
    class Command(TyperCommand):
        def format_help(self, ctx: Any, formatter: Any) -> None:
            verb_help(verb)

    return Command


def _callback(verb: Verb) -> Callable[..., int | None]:
    """The verb as typer wants it: values come as text, `Verb.call` checks them."""

    def run(**given: Any) -> int | None:
        try:
            return verb.call(given)
        except KeyboardInterrupt:  # the parser would swallow it
            raise StoppedError from None

    run.__signature__ = inspect.Signature([_typed(one) for one in verb.parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _typed(one: Parameter) -> inspect.Parameter:
    hint: Any = bool if one.is_flag else list[str] if one.is_list else str
    required = one.required
    names = one.word.names or (one.dashed,)
    start: Any = ... if required else False if one.is_flag else None
    made = (
        typer.Argument(start, metavar=one.metavar, help=str(one.word.help))
        if one.word.by_place
        else typer.Option(start, *names, metavar=one.metavar or None, help=str(one.word.help))
    )
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=made, annotation=hint)


_HELP = {"help_option_names": ["-h", "--help"]}
_NO_VERB = Text("There is no verb {name!r}. {near}", "{name!r:이라는} 명령은 없다. {near}")
_NO_LANGUAGE = Text("--lang: expected en or ko. Received: {received}", "--lang: en 또는 ko여야 한다. 받은 것: {received}")
_INTERRUPTED = Text("Interrupted. Nothing was changed.", "중단했다. 바뀐 것은 없다.")
_FAULT = Text(
    "whynet: an unexpected error, {kind}: {error}. This is a fault of whynet, not of yours. "
    "Please report it with what the same command prints with --debug.",
    "whynet: 예상하지 못한 오류 {kind}: {error}. 사용자의 잘못이 아니라 whynet의 결함이다. "
    "같은 명령에 --debug를 붙였을 때 나오는 내용과 함께 알려 주기 바란다.",
)
__all__ = ["StoppedError", "language", "main", "system_language"]
