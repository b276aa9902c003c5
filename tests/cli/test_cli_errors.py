"""Mistakes: one message, in the right language, exit 2, no traceback, the nearest name."""

from __future__ import annotations

import re

import pytest

from whynet.cli import verb as verb_module
from whynet.cli.app import StoppedError
from whynet.cli.verb import Verb
from whynet.text import Text

HANGUL = re.compile("[가-힣]")

MISTAKES = [  # the command line, and what the message must hold in either language
    ("fat", ["fat", "fit"]),
    ("--nope", ["--nope"]),
    ("fit", ["DATA"]),
    ("fit digits mlp --epoch 3", ["--epoch", "--epochs"]),
    ("fit digits mlp --epochs", ["--epochs"]),
    ("fit digits mlp --json=3", ["--json"]),
    ("fit digits mlp one two", ["one two"]),
    ("fit digitss", ["digitss", "digits"]),
    ("fit digits mpl", ["mpl", "mlp"]),
    ("fit digits mlp(widht=[3])", ["widht", "widths"]),
    ("fit digits mlp(", ["mlp("]),
    ("fit digits mlp --loss crossentropy", ["crossentropy", "cross_entropy"]),
    ("fit digits mlp --optimizer adm", ["adm", "adam"]),
    ("fit digits mlp --optimizer sgd(lr=-1)", ["lr", "-1"]),
    ("fit digits mlp --schedule cosin", ["cosin", "cosine"]),
    ("fit digits mlp --clip nrm", ["nrm", "norm"]),
    ("fit digits mlp --init hee", ["hee", "he"]),
    ("fit digits mlp --lr abc", ["lr", "abc"]),
    ("fit digits mlp --epochs 0", ["epochs", "0"]),
    ("fit digits mlp --epochs many", ["epochs", "many"]),
    ("fit digits mlp --steps 1.5", ["steps", "1.5"]),
    ("fit digits mlp --seed -1", ["seed", "-1"]),
    ("fit digits mlp --keep first", ["keep", "first"]),
    ("fit digits mlp --early-stopping 0", ["early_stopping", "0"]),
    ("fit digits mlp --batch-size 99999", ["99999", "1294"]),
    ("fit digits mlp --target x", ["digits", "x"]),
    ("fit digits mlp --folds 1", ["--folds", "1"]),
    ("fit digits mlp --folds 5000", ["5000"]),
    ("fit diabetes mlp --loss cross_entropy", ["cross_entropy", "mse"]),
    ("fit iris lenet5", ["lenet5", "(4,)"]),
    ("fit empty", ["empty"]),
    ("fit one", ["one"]),
    ("fit table.csv", ["--target", "height"]),
    ("fit table.csv --target wieght", ["wieght", "weight"]),
    ("fit void.csv --target a", ["void.csv"]),
    ("fit notes.doc", ["notes.doc"]),
    ("fit tabel.csv --target height", ["tabel.csv", "table.csv"]),
    ("fit digits --store table.csv", ["table.csv"]),
    ("fit digits --store nothing://x", ["nothing://x"]),
    ("look nowhere/", ["nowhere"]),
    ("compare digits mlp", ["--factor"]),
    ("compare digits mlp --factor model", ["model"]),
    ("compare digits mlp --factor model=mlp", ["model=mlp"]),
    ("compare digits mlp --factor optimizer.lr=1,1", ["lr=1"]),
    ("compare digits mlp --factor model.activaton=relu,tanh", ["activaton", "activation"]),
    ("compare digits mlp --factor optimizer.lr=1,2 --seeds 0", ["--seeds", "0"]),
    ("describe", ["MODEL"]),
    ("describe lenet6", ["lenet6", "lenet5"]),
    ("describe mlp --inputs 1,x --outputs 2", ["1,x"]),
    ("describe mlp --inputs 0 --outputs 2", ["0"]),
    ("describe mlp --outputs none", ["--outputs", "none"]),
    ("data digit", ["digit", "digits"]),
    ("models mpl", ["mpl", "mlp"]),
    ("losses msee", ["msee", "mse"]),
    ("optimizers adm", ["adm", "adam"]),
    ("runs --limit 0", ["--limit", "0"]),
    ("runs --status done", ["--status", "done"]),
    ("show", ["RUN"]),
    ("show abcd", ["runs"]),
    ("resume abcd", ["runs"]),
]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "one" / "cat").mkdir(parents=True)
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "one" / "cat" / "1.png")
    (tmp_path / "table.csv").write_text("height,weight\n1.5,50\n1.6,61\n1.7,69\n")
    (tmp_path / "void.csv").write_text("")
    (tmp_path / "notes.doc").write_text("words")


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize(("line", "wanted"), MISTAKES, ids=[line for line, _ in MISTAKES])
@pytest.mark.usefixtures("files")
def test_a_mistake_is_one_message_in_the_language_asked_for(whynet, line, wanted, lang):
    said = whynet(*line.split(" "), "--lang", lang)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("whynet: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert bool(HANGUL.search(said.err)) == (lang == "ko")
    for words in wanted:
        assert words in said.err


def test_debug_shows_where_a_mistake_was_found(whynet):
    said = whynet("fit", "digits", "mpl", "--debug")
    assert said.code == 2
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1].startswith("whynet: There is no model named 'mpl'")


def verb_that(error: BaseException) -> Verb:
    def broken() -> int | None:
        raise error

    return Verb("broken", broken, Text("Break.", "고장 난다."), (), 99)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(("lang", "words"), [("en", "--debug"), ("ko", "--debug")])
def test_a_fault_of_our_own_asks_for_a_report(whynet, monkeypatch, lang, words, debug):
    monkeypatch.setitem(verb_module._verbs, "broken", verb_that(ZeroDivisionError("division by zero")))
    said = whynet("broken", "--lang", lang, *(["--debug"] if debug else []))
    assert said.code == 1
    assert ("Traceback" in said.err) == debug
    last = said.err.splitlines()[-1]
    assert "ZeroDivisionError: division by zero" in last
    assert words in last
    assert bool(HANGUL.search(last)) == (lang == "ko")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoppedError(Text("kept", "남았다"))])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_an_interruption_is_a_sentence_and_130(whynet, monkeypatch, error, lang):
    monkeypatch.setitem(verb_module._verbs, "broken", verb_that(error))
    said = whynet("broken", "--lang", lang)
    assert said.code == 130
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert bool(HANGUL.search(said.err)) == (lang == "ko")


def test_korean_particles_fit_the_names(whynet):
    assert "'mpl'이라는 모델은 없다. 혹시 mlp를 뜻했나?" in whynet("models", "mpl", "--lang", "ko").err
