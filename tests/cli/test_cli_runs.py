"""What was kept: listed, shown, compared."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from whynet.runs.store import Store

HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_an_empty_store_says_how_to_begin_and_is_not_made(whynet, tmp_path, lang):
    said = whynet("runs", "--lang", lang)
    assert said.code == 0
    assert "whynet fit digits mlp --epochs 5" in said.out
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_newest_first(whynet, trained):
    said = whynet("runs", "--store", str(trained))
    listed = [line.split()[0] for line in said.out.splitlines() if re.match(r"\d{8}-", line)]
    assert listed == [one.id for one in Store(trained).runs()]
    assert len(listed) == 2
    one = whynet("runs", "--store", str(trained), "--limit", "1", "--lang", "ko").out
    assert "완료" in one
    assert "발산" not in one
    gone = whynet("runs", "--store", str(trained), "--status", "diverged", "--json")
    assert [run["status"] for run in json.loads(gone.out)] == ["diverged"]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_show_tells_a_run_and_writes_its_report(whynet, trained, tmp_path, lang):
    run = Store(trained).open("last")
    said = whynet("show", "last", "--store", str(trained), "--out", "report", "--lang", lang)
    assert said.code == 0
    assert run.id in said.out
    assert f"{100 * run.score:.1f} %" in said.out
    assert "gradient norm" in said.out
    assert re.search("[▁▂▃▄▅▆▇█]{2}", said.out)
    assert bool(HANGUL.search(said.out)) == (lang == "ko")
    page = (tmp_path / "report" / "report.html").read_text()
    assert f'<html lang="{lang}"' in page
    assert page.count("<svg") == 2 * (2 + 2 * 3 + 2 + 3)  # curves, probes by depth and over time, mistakes, what it sees
    assert str(run.recipe.model).replace('"', "&#34;") in page


def test_show_writes_the_pictures_that_are_asked_for(whynet, trained, tmp_path):
    said = whynet("show", "last", "--store", str(trained), "--out", "report", "--picture", "saliency", "--picture", "mistakes")
    assert said.code == 0
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.html", "saliency.png", "mistakes.png"}
    assert "report/saliency.png" in said.out
    assert "What the network sees" in (tmp_path / "report" / "report.html").read_text("utf-8")
    wrong = whynet("show", "last", "--store", str(trained), "--picture", "oclusion")
    assert wrong.code == 2
    assert "occlusion" in wrong.err
    unfit = whynet("show", "last", "--store", str(trained), "--picture", "attention", "--lang", "ko")
    assert unfit.code == 2
    assert "attention 그림에 필요한 것" in unfit.err


def test_show_a_run_that_diverged(whynet, trained):
    gone = next(one for one in Store(trained).runs() if one.status == "diverged")
    said = whynet("show", gone.id[-4:], "--store", str(trained))
    assert said.code == 0
    assert str(Store(trained).open(gone.id).why) in said.out
    assert (trained / gone.id / "report.html").exists()


def test_show_two_runs_names_what_differs(whynet, trained):
    newest, oldest = Store(trained).runs()
    said = whynet("show", oldest.id, newest.id, "--store", str(trained))
    assert said.code == 0
    for line in ("- optimizer sgd(lr=1000000000.0)", "+ optimizer adam(lr=0.01)", "- loss mse"):
        assert f"  {line}\n" in said.out
    assert "data digits" not in said.out
    assert f"{oldest.id[-4:]}  " in said.out
    same = whynet("show", newest.id, newest.id, "--store", str(trained), "--lang", "ko").out
    assert "두 레시피(recipe)는 같다" in same


def test_a_kept_comparison_is_shown_by_its_verdict(whynet, tmp_path):
    verdict = {"en": "relu beats sigmoid", "ko": "relu가 sigmoid보다 낫다"}
    Store(tmp_path / "runs").keep("comparison", "activations", {"verdict": verdict}, {"report.html": b"<html>"})
    said, korean = whynet("show", "last"), whynet("show", "last", "--lang", "ko")
    assert verdict["en"] in said.out
    assert verdict["ko"] in korean.out
    assert "report.html" in said.out


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_compare_prints_every_level_and_the_verdict(whynet, lang):
    words = ["moons", "mlp(widths=[8])", "--factor", "optimizer.lr=0.0001,0.1", "--seeds", "5", "--epochs", "3", "--lang", lang]
    said = whynet("compare", *words)
    assert said.code == 0
    assert "lr=0.0001" in said.out
    assert "lr=0.1" in said.out
    assert re.search(r"\+\d+\.\d %p \[\+\d+\.\d, \+\d+\.\d\]", said.out)  # better, and the interval says so
    assert bool(HANGUL.search(said.out)) == (lang == "ko")


def test_compare_as_json_counts_seeds_from_the_given_one(whynet):
    words = ["iris", "mlp", "--factor", "batch_size=16|all", "--seeds", "2", "--epochs", "1", "--seed", "7", "--json"]
    told = json.loads(whynet("compare", *words).out)
    assert told["seeds"] == [7, 8]
    assert [level["recipe"].get("batch_size") for level in told["levels"]] == ["16", "all"]
    assert all(len(level["values"]) == 2 for level in told["levels"])
    shown = whynet("show", "last").out
    assert told["verdict"]["en"] in shown
    assert told["report"] in shown
    assert "<svg" in Path(told["report"]).read_text()


def test_compare_of_one_seed_says_that_it_proves_nothing(whynet, tmp_path):
    said = whynet("compare", "iris", "--factor", "batch_size=16|32", "--seeds", "1", "--epochs", "1", "--no-store")
    assert list(tmp_path.iterdir()) == []
    assert "One seed tells nothing of luck" in said.out
