"""Verbs that train nothing: lists, describe, look, check, pipes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from rich.cells import cell_len

from whynet import registry

HANGUL = re.compile("[가-힣]")
KINDS = {"data": "data", "models": "model", "losses": "loss", "optimizers": "optimizer"}


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("verb", KINDS)
def test_a_list_names_everything_registered_with_its_idea(whynet, verb, lang):
    said = whynet(verb, "--lang", lang)
    assert said.code == 0
    lines = said.out.splitlines()
    infos = registry.infos(KINDS[verb])
    assert len(infos) > 5
    for info in infos:
        [line] = [line for line in lines if line.split()[:1] == [info.name]]
        assert line.endswith(info.idea.show(lang))
        assert not info.year or str(info.year) in line
    rows = lines[2 : 2 + len(infos)]
    starts = {cell_len(row[: row.index(info.idea.show(lang))]) for row, info in zip(rows, infos, strict=True)}
    assert len(starts) == 1  # aligned, wide letters included


ALL = [(verb, info) for verb, kind in KINDS.items() for info in (__import__(f"whynet.{verb}") and registry.infos(kind))]


@pytest.mark.parametrize(("verb", "info"), ALL, ids=[f"{verb} {info.name}" for verb, info in ALL])
def test_details_name_every_option_with_its_default(whynet, verb, info):
    said = whynet(verb, info.name, "--lang", "ko")
    assert said.code == 0
    assert info.signature in said.out
    assert info.idea.show("ko") in said.out
    for name in info.parameters:
        assert any(line.split()[:1] == [name] for line in said.out.splitlines())


def test_the_details_of_a_spec_are_those_of_its_name(whynet):
    said, name = whynet("models", "mlp(widths=[3])").out, whynet("models", "mlp").out
    assert said == name.replace("whynet describe mlp\n", "whynet describe 'mlp(widths=[3])'\n")


@pytest.mark.parametrize("name", ["csv", "folder"])
def test_what_needs_a_path_has_an_example_with_one(whynet, name):
    last = whynet("data", name).out.splitlines()[-1]
    assert last == {"csv": "  whynet look table.csv --target COLUMN", "folder": "  whynet look pictures/"}[name]


def test_describe_counts_lenet5_as_the_paper_does(whynet):
    said = whynet("describe", "lenet5", "--inputs", "1,28,28", "--outputs", "10")
    assert said.code == 0
    for name, total in (("conv1", "156"), ("conv2", "2,416"), ("dense1", "48,120"), ("dense2", "10,164"), ("head", "850")):
        [line] = [line for line in said.out.splitlines() if line.startswith(name)]
        assert total in line.split()
    assert "61,706" in said.out


@pytest.mark.parametrize("words", [[], ["digits"], ["--inputs", "(1, 8, 8)", "--outputs", "10"]])
def test_describe_takes_the_shape_from_data_or_as_given(whynet, words):
    said = whynet("describe", "mlp(widths=[5])", *words, "--lang", "ko")
    assert "64·5 + 5 = 325" in said.out
    assert HANGUL.search(said.out)


def test_describe_prints_the_graph(whynet):
    said = whynet("describe", "mlp(widths=[64], skip='add')", "digits", "--graph", "text", "--depth", "3")
    assert said.code == 0
    assert "│ ●  hidden.0.linear      Linear  4,160  (1, 64)" in said.out.replace("Linear   4", "Linear  4")
    assert "├─┘" in said.out


@pytest.mark.parametrize("ending", ["svg", "html", "png"])
def test_describe_draws_the_graph(whynet, tmp_path, ending):
    said = whynet("describe", "lenet5", "digits", "--graph", f"out/net.{ending}", "--lang", "ko")
    assert said.code == 0
    content = (tmp_path / "out" / f"net.{ending}").read_bytes()
    assert content.startswith({"svg": b"<?xml", "html": b"<!doctype html>", "png": b"\x89PNG"}[ending])
    assert "out/net" in said.out


@pytest.mark.parametrize(("words", "expected"), [(["--graph", "net.bmp"], ".svg"), (["--inside", "hiden"], "hidden")])
def test_a_graph_that_cannot_be_drawn_is_refused(whynet, words, expected):
    said = whynet("describe", "mlp", "digits", *words)
    assert said.code == 2
    assert expected in said.err


def test_describe_counts_for_a_batch(whynet):
    assert f"{100 * (64 * 5 + 5 * 10):,}" in whynet("describe", "mlp(widths=[5])", "--batch", "100").out


@pytest.mark.parametrize(("data", "lang"), [("digits", "en"), ("iris", "ko"), ("moons", "en"), ("sine", "ko")])
def test_look_says_what_is_inside_and_writes_pictures_and_a_page(whynet, tmp_path, data, lang):
    from whynet.data import load, summary
    from whynet.figures import look
    from whynet.text import use_language

    said = whynet("look", data, "--out", "seen", "--lang", lang)
    assert said.code == 0
    with use_language(lang):
        for line in summary(load(data)):
            assert str(line) in said.out
    titles = [title for title, _ in look(load(data))]
    assert {path.name for path in (tmp_path / "seen").iterdir()} == {f"{i + 1}.png" for i in range(len(titles))} | {"look.html"}
    page = (tmp_path / "seen" / "look.html").read_text()
    assert page.count("<svg") >= 2 * len(titles)
    assert f"whynet look {data}" in page


def test_look_opens_the_page_only_when_asked(whynet, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    whynet("look", "xor_gate")
    assert opened == []
    whynet("look", "xor_gate", "--open", "yes")
    [address] = opened
    assert address.startswith("file://")
    assert address.endswith("look/xor_gate/look.html")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_check_holds_here(whynet, lang):
    said = whynet("check", "--lang", lang)
    assert said.code == 0, said.out
    assert said.out.count("✓") == 8
    assert "✗" not in said.out


def test_check_says_what_is_wrong_and_ends_with_1(whynet, monkeypatch):
    monkeypatch.setenv("WHYNET_DATA", "/does/not/exist")
    said = whynet("check", "--json")
    failed = [one for one in json.loads(said.out) if not one["held"]]
    assert said.code == 1
    assert [one["check"] for one in failed] == ["WHYNET_DATA"]
    assert "/does/not/exist" in failed[0]["found"]


def test_check_finds_a_wrong_gradient(monkeypatch):
    import torch

    from whynet.cli.check import FailedError, _gradient
    from whynet.losses.cross_entropy import CrossEntropy

    right = CrossEntropy.__call__

    class Bent(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            return value.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 1.001

    monkeypatch.setattr(CrossEntropy, "__call__", lambda self, outputs, targets: Bent.apply(right(self, outputs, targets)))
    with pytest.raises(FailedError, match="differ"):
        _gradient()


def test_help_needs_no_torch():
    code = "import sys; from whynet.cli import main; assert main(['fit', '--help']) == 0; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_pipe_that_closes_early_is_no_error():
    code = "from whynet.cli import main; import sys; sys.exit(main(['--help']))"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""
