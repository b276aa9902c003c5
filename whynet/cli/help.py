"""The help of the program and of each verb, in the current language."""

from __future__ import annotations

import inspect

from whynet.cli.screen import pairs, say, verbatim
from whynet.cli.verb import Parameter, Verb, verbs
from whynet.text import Text

NAME = "whynet"
EVERYWHERE = (
    ("--lang en|ko", Text("language of every text; else that of the system", "모든 글의 언어. 없으면 시스템의 언어")),
    ("--debug", Text("show the traceback of an error", "오류의 트레이스백(traceback)을 보여 준다")),
    ("-h, --help", Text("show this help", "이 도움말을 보여 준다")),
)


def program_help() -> None:
    """What ``whynet --help`` prints."""
    _usage(_USAGE.fill(name=NAME))
    say(_PROGRAM)
    _block(_VERBS, [(one.name, str(one.help)) for one in verbs()])
    _block(_OPTIONS, [(name, str(text)) for name, text in (*EVERYWHERE, _VERSION, *_COMPLETION)])
    _examples(["whynet why", "whynet fit digits mlp --epochs 5", "whynet fit --help"])


def verb_help(verb: Verb) -> None:
    """What ``whynet VERB --help`` prints."""
    placed = [one for one in verb.parameters if one.word.by_place]
    named = [one for one in verb.parameters if not one.word.by_place]
    pieces = [one.metavar if one.required else f"[{one.metavar}]" for one in placed]
    pieces += [_left(one) for one in named if one.required]
    _usage(" ".join([NAME, verb.name, *pieces, str(_OPTIONS_SHORT)]))
    say(verb.help)
    if verb.more:
        say()
        say(verb.more)
    _block(_ARGUMENTS, [(one.metavar, _words(one)) for one in placed])
    _block(_OPTIONS, [(_left(one), _words(one)) for one in named])
    _block(_ANYWHERE, [(name, str(text)) for name, text in EVERYWHERE])
    _examples(verb.examples)


def _left(one: Parameter) -> str:
    names = ", ".join(one.word.names or (one.dashed,))
    return f"{names} {one.metavar}".rstrip()


def _words(one: Parameter) -> str:
    shown = one.default not in (None, inspect.Parameter.empty, False, "") and one.default != []
    default = str(_DEFAULT.fill(value=one.default)) if shown else ""
    repeated = str(_REPEATED) if one.is_list else ""
    return " ".join(filter(None, [str(one.word.help), repeated, default]))


def _usage(words: Text | str) -> None:
    say(words, style="bold")
    say()


def _block(title: Text, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    say()
    say(title, style="bold")
    pairs(("  " + left, right) for left, right in rows)


def _examples(lines: tuple[str, ...] | list[str]) -> None:
    say()
    say(_EXAMPLES, style="bold")
    for line in lines:
        verbatim("  " + line)


_PROGRAM = Text(
    "A laboratory for neural networks: it trains them and says why they do or do not learn, proved by controlled experiments.",
    "신경망 실험실: 네트워크를 학습하고, 왜 배우는지 또는 왜 배우지 못하는지를 통제된 실험으로 밝힌다.",
)
_USAGE = Text("{name} VERB [ARGUMENTS] [OPTIONS]", "{name} 명령 [인자] [옵션]")
_OPTIONS_SHORT = Text("[OPTIONS]", "[옵션]")
_VERBS = Text("Verbs", "명령")
_ARGUMENTS = Text("Arguments", "인자")
_OPTIONS = Text("Options", "옵션")
_ANYWHERE = Text("With every verb", "모든 명령에서")
_EXAMPLES = Text("For example", "예")
_DEFAULT = Text("[{value}]", "[{value}]")
_REPEATED = Text("(may be given several times)", "(여러 번 쓸 수 있다)")
_VERSION = ("--version", Text("show the version", "버전을 보여 준다"))
_COMPLETION = (
    (
        "--install-completion",
        Text("let the shell complete verbs and options", "셸(shell)에서 명령과 옵션을 자동 완성하게 한다"),
    ),
)
