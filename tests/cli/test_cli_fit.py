"""Training from the command line: what it says, what it keeps, how it goes on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest

from whynet.runs.store import Store

HANGUL = re.compile("[가-힣]")
QUICK = ["digits", "mlp(widths=[16])", "--optimizer", "adam(lr=0.01)", "--epochs", "2"]


def run_named(out: str) -> str:
    return re.search(r"whynet show (\S+)", out)[1]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_fit_tells_task_chance_and_result_and_keeps_the_run(whynet, tmp_path, lang):
    said = whynet("fit", *QUICK, "--lang", lang)
    assert said.code == 0
    assert "\033" not in said.out + said.err
    run = Store(tmp_path / "runs").open(run_named(said.out))
    for words in ("1,294", "1,210", "10.3 %", "2.303", f"{100 * run.score:.1f} %", str(tmp_path / "runs" / run.id)):
        assert words in said.out
    assert bool(HANGUL.search(said.out)) == (lang == "ko")
    assert run.status == "finished"
    assert run.score > 0.5


def test_the_result_as_json_is_the_stored_one(whynet, tmp_path):
    said = whynet("fit", *QUICK, "--json", "--seed", "3")
    told = json.loads(said.out)
    run = Store(tmp_path / "runs").open(told["run"])
    assert told["test"]["accuracy"] == run.score
    assert told["steps"] == run.history.steps == 42
    assert told["recipe"]["seed"] == "3"
    assert told["parameters"] == 64 * 16 + 16 + 16 * 10 + 10


def test_options_reach_the_recipe(whynet, tmp_path):
    options = [
        "--steps", "4", "--batch-size", "all", "--lr", "0.5", "--schedule", "cosine", "--clip", "norm(0.5)", "--init", "he",
        "--keep", "best", "--early-stopping", "2", "--loss", "mse", "--optimizer", "sgd",
    ]  # fmt: skip
    said = whynet("fit", "iris", *options)
    assert said.code == 0
    recipe = Store(tmp_path / "runs").open("last").recipe
    assert (recipe.steps, recipe.batch_size, recipe.keep, recipe.early_stopping) == (4, "all", "best", 2)
    written = [str(part) for part in (recipe.optimizer, recipe.schedule, recipe.clip, recipe.init, recipe.loss)]
    assert written == ["sgd(lr=0.5)", "cosine", "norm(most=0.5)", "he", "mse"]


def test_nothing_is_kept_where_it_is_not_wanted(whynet, tmp_path):
    said = whynet("fit", "iris", "mlp", "--steps", "2", "--no-store")
    assert said.code == 0
    assert list(tmp_path.iterdir()) == []
    assert "whynet show" not in said.out
    assert "Next" not in whynet("fit", *QUICK, "--no-store").out  # it learned, and there is nothing to show


def test_a_store_of_ones_own_is_named_in_what_to_do_next(whynet, tmp_path):
    said = whynet("fit", "iris", "mlp", "--steps", "2", "--store", "my runs")
    assert (tmp_path / "my runs" / "whynet.db").exists()
    assert "--store 'my runs'" in said.out


@pytest.mark.parametrize(("lang", "words"), [("en", "It diverged"), ("ko", "발산했다")])
def test_divergence_names_the_layer_and_the_step_and_ends_with_1(whynet, lang, words):
    said = whynet("fit", "digits", "mlp(widths=[])", "--loss", "mse", "--lr", "1e39", "--optimizer", "sgd", "--lang", lang)
    assert said.code == 1
    line = next(line for line in said.out.splitlines() if line.startswith(words))
    assert "head" in line
    assert re.search(r"\d", line)
    assert "whynet why digits 'mlp(widths=[])' --loss mse --optimizer sgd --lr 1e+39" in said.out


def test_a_network_that_did_not_learn_is_not_said_to(whynet):
    said = whynet("fit", "digits(shuffle_labels=True)", "mlp", "--epochs", "1")
    assert "Not shown to have learned" in said.out
    assert "whynet why" in said.out


def test_a_table_of_ones_own(whynet, tmp_path):
    rows = "".join(f"{i / 10},{'red' if i % 2 else 'blue'},{i / 7 + i % 2}\n" for i in range(60))
    (tmp_path / "own.csv").write_text("length,colour,price\n" + rows)
    said = whynet("fit", "own.csv", "mlp", "--target", "price", "--epochs", "3", "--json")
    told = json.loads(said.out)
    assert told["metric"] == "r2"
    assert said.code == 0


def test_folds_validate_every_example_once(whynet, tmp_path):
    said = whynet("fit", "iris", "mlp", "--folds", "4", "--epochs", "2", "--optimizer", "adam(lr=0.01)", "--json")
    told = json.loads(said.out)
    kept = [Store(tmp_path / "runs").open(one.id) for one in Store(tmp_path / "runs").runs()][::-1]
    assert [run.history.final("validation") for run in kept] == told["folds"]
    assert told["mean"] == pytest.approx(sum(told["folds"]) / 4)
    assert told["interval"][0] <= told["mean"] <= told["interval"][1]
    validated = [i for run in kept for i in run.fitted.dataset.validation.index.tolist()]
    assert len(validated) == len(set(validated)) == 120
    table = whynet("fit", "iris", "mlp", "--folds", "2", "--epochs", "1", "--lang", "ko").out
    assert "폴드 2개의 평균" in table


def test_progress_in_a_log_is_a_few_plain_lines(whynet):
    said = whynet("fit", "iris", "mlp", "--epochs", "40", "--no-store")
    lines = said.err.splitlines()
    assert 5 <= len(lines) <= 12
    assert lines[0].startswith("step 0/80: train ")
    assert lines[-1].startswith("step 80/80: train ")


def test_the_same_command_twice_gives_the_same_numbers(whynet):
    once, again = (json.loads(whynet("fit", "iris", "--epochs", "2", "--no-store", "--json").out) for _ in range(2))
    assert {**once, "seconds": 0} == {**again, "seconds": 0}


def test_interrupted_it_is_kept_and_goes_on_to_the_same_end(whynet, monkeypatch, tmp_path):
    """Ctrl-C in the middle, as the listener would receive it; resumed, the history equals an uninterrupted one."""
    from whynet.cli import keeping
    from whynet.cli.progress import Watcher
    from whynet.engine.events import Checkpointed

    def interrupt_after_checkpoint(self: Watcher, event: object, real=Watcher.__call__) -> None:
        real(self, event)
        if isinstance(event, Checkpointed):
            raise KeyboardInterrupt

    monkeypatch.setattr(keeping, "EVERY", 0.0)  # a checkpoint at every occasion
    with monkeypatch.context() as patch:
        patch.setattr(Watcher, "__call__", interrupt_after_checkpoint)
        stopped = whynet("fit", "iris", "mlp", "--epochs", "6")
    assert stopped.code == 130
    found = re.search(r"Interrupted at step (\d+) of 12. Run (\S+) is kept up to step (\d+).*whynet resume (\S+)", stopped.err)
    assert found
    assert 0 < int(found[3]) <= int(found[1]) < 12
    assert found[2] == found[4]
    assert "interrupted" in whynet("runs").out
    resumed = whynet("fit", "--resume", found[2], "--json")
    assert resumed.code == 0
    whole = json.loads(whynet("fit", "iris", "mlp", "--epochs", "6", "--json").out)
    store = Store(tmp_path / "runs")
    assert store.open(found[2]).history.loss == store.open(whole["run"]).history.loss
    again = whynet("resume", found[2], "--lang", "ko")
    assert again.code == 0
    assert "이미 끝났다" in again.out


@pytest.mark.parametrize(("lang", "words"), [("en", "Nothing was kept"), ("ko", "남긴 것은 없다")])
def test_interrupted_without_a_store_it_says_that_nothing_is_kept(whynet, monkeypatch, lang, words):
    from whynet.cli.progress import Watcher

    def interrupt(self: Watcher, event: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Watcher, "__call__", interrupt)
    said = whynet("fit", "iris", "--no-store", "--lang", lang)
    assert said.code == 130
    assert words in said.err


def test_ctrl_c_in_a_process_of_its_own(tmp_path):
    """A real signal to a real process: exit 130, one sentence, a run that can be resumed."""
    words = [sys.executable, "-m", "whynet.cli", "fit", "digits", "mlp", "--epochs", "500", "--lang", "en"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline().startswith("step 0/")  # it trains
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Interrupted at step ")
    assert Store(tmp_path / "runs").open("last").status == "interrupted"
