"""Training into the store: what is kept comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from whynet.engine import fit as engine
from whynet.engine.events import Checkpointed, Event, Stepped
from whynet.errors import StoreError
from whynet.recipe import Recipe, recipe
from whynet.runs.fit import fit
from whynet.runs.resume import resume
from whynet.runs.run import Run
from whynet.runs.store import Store

RECIPES = {
    "classes": recipe("moons(n=60)", "mlp(widths=[4])", epochs=3, batch_size=16),
    "values": recipe("sine(n=60)", "mlp(widths=[4])", epochs=3, batch_size=16),
    "batch norm and dropout": recipe("moons(n=60)", 'mlp(widths=[4], norm="batch", dropout=0.3)', epochs=3, batch_size=16),
    "the best weights": recipe("moons(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=3.0)", epochs=6, batch_size=16, keep="best"),
    "stopped early": recipe(
        "moons(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=5.0)", epochs=50, batch_size=16, early_stopping=2
    ),
    "diverged": recipe("sine(n=60)", "mlp(widths=[4])", optimizer="sgd(lr=1e30)", epochs=6, batch_size=16),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_stored_run_is_what_the_engine_makes(store: Store, name: str, same: Callable[[Run, Run], None]) -> None:
    one = RECIPES[name]
    twin = engine.fit(one, tier="eager")
    made = fit(one, store, tier="eager", checkpoint_every=0)
    opened = store.open("last")
    same(opened, made)
    assert (opened.score is None) == (name == "diverged")
    assert opened.status == twin.outcome.status
    assert torch.equal(opened.fitted.outcome.weights.view(torch.int32), twin.outcome.weights.view(torch.int32))
    assert opened.recipe == one
    assert opened.task == twin.dataset.task
    assert str(opened.why) == str(twin.outcome.why)


def test_the_weights_file_is_a_state_dict(store: Store, small: Recipe) -> None:
    run = fit(small, store)
    module = run.fitted.arm.network.module
    module.load_state_dict(load_file(run.folder / "weights.safetensors"))
    x = run.fitted.dataset.test.x
    assert torch.equal(module.eval()(x), run.module(x))


def test_a_run_says_where_it_was_made(store: Store, small: Recipe) -> None:
    fit(small, store, name="first try", label="arm 3")
    run = store.open("last")
    assert (run.name, run.label, run.metric) == ("first try", "arm 3", "accuracy")
    assert run.environment.torch == torch.__version__
    assert run.score == run.history.final("test")


def test_listeners_hear_of_a_checkpoint_after_it_is_safe(store: Store, small: Recipe) -> None:
    seen: list[tuple[int, int]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Checkpointed):
            seen.append((event.step, store.open("last").history.steps))

    fit(small, store, listen, tier="eager", checkpoint_every=0)
    assert seen
    assert all(told == stored for told, stored in seen)


def test_nothing_but_the_weights_is_left_when_a_run_ends(store: Store, small: Recipe) -> None:
    run = fit(small, store, checkpoint_every=0)
    assert [path.name for path in run.folder.iterdir()] == ["weights.safetensors"]


def test_a_run_that_is_being_trained_is_running_and_cannot_be_touched(store: Store, small: Recipe) -> None:
    sentences = []

    def listen(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 3:
            run = store.open("last")
            assert run.status == "running"
            assert [one.id for one in store.runs(status="running")] == [run.id]
            assert not store.runs(status="interrupted")
            for act in (lambda: store.delete(run.id), lambda: resume(store, run.id), lambda: run.fitted):
                with pytest.raises(StoreError) as error:
                    act()
                sentences.append(str(error.value))

    fit(small, store, listen, tier="eager")
    assert len(sentences) == 3


def test_a_listener_that_stops_the_training_leaves_it_interrupted(
    store: Store, small: Recipe, same: Callable[[Run, Run], None], tmp_path
) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(small, store, listen, tier="eager", checkpoint_every=0)
    assert store.open("last").status == "interrupted"
    assert [one.status for one in store.runs(status="interrupted")] == ["interrupted"]
    assert not store.runs(status="running")
    with pytest.raises(StoreError, match="resume"):
        _ = store.open("last").fitted
    same(resume(store, "last"), fit(small, Store(tmp_path / "twin"), tier="eager"))


@pytest.mark.parametrize("name", ["stopped early", "diverged"])
def test_interrupted_after_its_early_end_a_run_trains_no_further(
    store: Store, tmp_path: Path, name: str, same: Callable[[Run, Run], None]
) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Checkpointed) and event.checkpoints[0].left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(RECIPES[name], store, stop, checkpoint_every=0)
    steps: list[Event] = []
    resumed = resume(store, "last", lambda event: steps.append(event) if isinstance(event, Stepped) else None)
    assert not steps
    same(resumed, fit(RECIPES[name], Store(tmp_path / "twin")))


def test_what_was_trained_without_a_store_can_be_saved(store: Store, small: Recipe) -> None:
    fitted = engine.fit(small, tier="eager")
    saved = store.save(fitted, name="later")
    opened = store.open(saved.id)
    assert opened.history == fitted.history
    assert torch.equal(opened.fitted.outcome.weights, fitted.outcome.weights)


class Net(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, width), nn.Linear(width, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(torch.relu(self.a(x)))


def test_a_users_own_network_is_stored_but_needed_again_to_open_it(store: Store) -> None:
    own = recipe("moons(n=60)", Net, epochs=3, batch_size=16)
    made = fit(own, store)
    opened = store.open("last")
    assert opened.history == made.history
    assert "<Net>" in str(opened.recipe)
    with pytest.raises(StoreError, match=r"refit\(recipe\)"):
        _ = opened.module
    assert torch.equal(opened.refit(own).outcome.weights, made.fitted.outcome.weights)
    with pytest.raises(StoreError, match="names or shapes differ"):
        opened.refit(recipe("moons(n=60)", lambda: Net(5), epochs=3, batch_size=16))


def test_a_users_own_network_can_go_on_only_with_itself(store: Store, tmp_path, same: Callable[[Run, Run], None]) -> None:
    own = recipe("moons(n=60)", Net, epochs=3, batch_size=16)

    def listen(event: Event) -> None:
        if isinstance(event, Stepped) and event.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(own, store, listen, checkpoint_every=0)
    with pytest.raises(StoreError, match="recipe=recipe"):
        resume(store, "last")
    with pytest.raises(StoreError, match="another recipe"):
        resume(store, "last", recipe=own.change(epochs=4))

    with pytest.raises(StoreError, match="initial weights"):
        resume(store, "last", recipe=recipe("moons(n=60)", lambda_named("Net", lambda: Net(3)), epochs=3, batch_size=16))
    same(resume(store, "last", recipe=own), fit(own, Store(tmp_path / "twin")))


def lambda_named(name: str, function: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    function.__name__ = name
    return function


def test_a_finished_run_resumes_to_itself(store: Store, small: Recipe) -> None:
    run = fit(small, store)
    before = run.row
    assert resume(store, run.id).row == before
