"""Fine-tuning from the command line: weights of an earlier run or of a file, frozen parts, rates."""

from __future__ import annotations

import json
import re

import pytest
import torch

from whynet.runs.store import Store

DIGITS = ["--optimizer", "adam(lr=0.01)", "--steps", "10"]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_from_an_earlier_run(whynet, tmp_path, lang):
    assert whynet("fit", "digits", "lenet5", *DIGITS).code == 0
    store = Store(tmp_path / "runs")
    first = store.open("last")
    said = whynet(
        "fit", "digits", "lenet5", *DIGITS, "--lang", lang, "--pretrained", "last", "--freeze", "conv1,conv2", "--rates",
        "dense1=0.1,head=2",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert {"en": "of which 18,814 are trained", "ko": "18,814개를 학습한다"}[lang] in re.sub(r"\s+", " ", said.out)
    run = store.open("last")
    assert run.recipe.pretrained == str(first.weights)
    assert run.recipe.freeze == ("conv1", "conv2")
    assert dict(run.recipe.rates) == {"dense1": 0.1, "head": 2.0}
    ours, theirs = run.module.state_dict(), first.module.state_dict()
    assert torch.equal(ours["conv2.weight"], theirs["conv2.weight"])
    assert not torch.equal(ours["dense1.weight"], theirs["dense1.weight"])


def test_the_head_of_other_classes_is_said(whynet, tmp_path):
    from whynet.models.build import build

    torch.save(build("lenet5", (1, 8, 8), 7).state_dict(), tmp_path / "seven.pt")
    said = whynet("fit", "digits", "lenet5", "--steps", "2", "--pretrained", "seven.pt", "--no-store")
    assert said.code == 0
    assert "seven.pt is for 7 classes and the task has 10" in re.sub(r"\s+", " ", said.out + said.err)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pretrained", "nothing.pt"], "There is no file of weights at"),
        (["--pretrained", "nothing"], "The store"),
        (["--freeze", "convv1"], "Did you mean conv1"),
        (["--rates", "conv1"], "stem=0.1, head=1"),
        (["--rates", "conv1=fast"], "expected a number"),
    ],
)
def test_mistakes(whynet, options, words):
    said = whynet("fit", "digits", "lenet5", "--steps", "2", *options)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_the_command_for_why_repeats_them(whynet):
    said = whynet("fit", "digits", "lenet5", "--steps", "1", "--freeze", "conv1", "--rates", "head=2", "--lr", "1e-9")
    assert "--freeze conv1 --rates head=2" in re.sub(r"\s+", " ", said.out)


def test_compared(whynet):
    said = whynet(
        "compare", "digits", "mlp(widths=[8])", "--factor", "freeze=none|hidden.0", "--seeds", "2", "--steps", "5", "--no-store",
        "--json", "--workers", "0",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert [level["name"] for level in json.loads(said.out)["levels"]] == ["freeze=None", "freeze=hidden.0"]
