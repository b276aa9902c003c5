"""The trial of a watched loop: what is suspected is settled on copies, and what is the user's stays as it is."""

from __future__ import annotations

import math
import random
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.loop_diagnosis import LoopDiagnosis
from whynet.doctor.loop_trial import BUDGET, Retried, trial_of
from whynet.doctor.replay import Manner, manner_of, replay
from whynet.doctor.watch import Watch
from whynet.doctor.wires import left_alone
from whynet.errors import RecipeError

N, D, K = 320, 12, 3
LONG = 60.0  # seconds: more than any of these takes, so that a busy machine changes no answer


def points() -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(0)
    x = torch.randn(N, D, generator=made)
    return x, (x[:, 0] > 0).long() + (x[:, 1] > 0).long()


def network(*middle: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 32), *middle, nn.ReLU(), nn.Linear(32, K))


def watched(
    model: nn.Module,
    rule: type[torch.optim.Optimizer] = torch.optim.SGD,
    *,
    lr: float = 0.1,
    clear: bool = True,
    evaluating: bool = False,
    epochs: int = 4,
    budget: float = LONG,
    held: list[nn.Parameter] | None = None,
    scale: float = 1.0,
    data: tuple[Tensor, Tensor] | None = None,
    **loss: str,
) -> Watch:
    x, y = data or points()
    optimizer = rule(held or model.parameters(), lr=lr)  # type: ignore[call-arg]
    model.train(not evaluating)
    with whynet.watch(model, optimizer, budget) as w:
        for _ in range(epochs):
            for part in torch.randperm(len(x)).split(32):
                if clear:
                    optimizer.zero_grad()
                (scale * F.cross_entropy(model(x[part]), y[part], **loss)).backward()  # type: ignore[arg-type]
                optimizer.step()
    return w


def names(found: list) -> list[str]:
    return [one.cause.name for one in found]


def tried(diagnosis: LoopDiagnosis, name: str) -> Retried:
    assert diagnosis.trial is not None, str(diagnosis)
    return next(one for one in diagnosis.trial.tried if one.fault.name == name)


# --- a replay is the loop ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop])
@pytest.mark.parametrize("clear", [True, False])
def test_a_replay_in_the_recorded_order_ends_at_the_same_loss(rule: type[torch.optim.Optimizer], clear: bool) -> None:
    """The slow twin: eight batches, all of them watched, trained on by hand."""
    model, (x, y) = network(), points()
    w = watched(model, rule, lr=0.01, clear=clear, epochs=1, data=(x[:256], y[:256]))
    recorded = w.loop.recorder.batches
    assert len(recorded) == 8
    with torch.no_grad():
        reached = sum(float(F.cross_entropy(model(one.args[0]), one.given[0])) for one in recorded) / 8
    seed = next(s for s in range(100) if np.random.default_rng(s).integers(8) == 0)  # the order that begins at the first
    manner = manner_of(w.loop)
    assert manner.clears is clear
    with left_alone(model):
        _, again = replay(w.loop, Manner(clears=clear, ordered=True), seed, 8)
    assert again == pytest.approx(reached, rel=1e-5)


def test_what_is_the_users_stays_as_it_is() -> None:
    model = network(nn.Dropout(0.2))
    w = watched(model, clear=False)
    before = [p.detach().clone() for p in model.parameters()], [p.grad.clone() for p in model.parameters()]  # type: ignore[union-attr]
    flags = [m.training for m in model.modules()]
    streams = torch.get_rng_state(), random.getstate(), np.random.get_state()
    w.trial(LONG)
    assert all(map(torch.equal, before[0], model.parameters()))
    assert all(map(torch.equal, before[1], [p.grad for p in model.parameters()]))  # type: ignore[arg-type]
    assert flags == [m.training for m in model.modules()]
    assert torch.equal(streams[0], torch.get_rng_state())
    assert streams[1] == random.getstate()
    assert all(np.array_equal(a, b) for a, b in zip(streams[2], np.random.get_state(), strict=True))


# --- what it settles ---------------------------------------------------------------------------------------------------


def test_a_rate_too_high_is_confirmed_by_trial_alone() -> None:
    undecided = watched(network(), torch.optim.Adam, lr=1.0, budget=0)
    assert names(undecided.diagnosis.suspected) == ["lr-too-high"]
    assert undecided.diagnosis.trial is None
    diagnosis = watched(network(), torch.optim.Adam, lr=1.0).diagnosis
    assert names(diagnosis.confirmed) == ["lr-too-high"]
    assert tried(diagnosis, "lr-too-high").found == "confirmed"
    assert "+ optimizer = torch.optim.Adam(model.parameters(), lr=0.1)" in diagnosis.fix
    assert "no lower when mended" in str(diagnosis)


def test_a_loss_that_grows_with_a_mild_rate_is_not_accused() -> None:
    x, y = points()
    harder = torch.cat([x[:160] * 0.01, x[160:]]), torch.cat([torch.zeros(160, dtype=torch.long), y[160:]])
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with whynet.watch(model, optimizer, LONG) as w:
        for part in torch.arange(N).split(8):
            optimizer.zero_grad()
            (F.cross_entropy(model(harder[0][part]), harder[1][part]) + part.float().mean()).backward()
            optimizer.step()
    assert "lr-too-high" not in names([*w.diagnosis.confirmed, *w.diagnosis.suspected])


def test_fine_tuning_in_evaluation_mode_is_cleared_where_the_mode_makes_no_difference() -> None:
    """Statistics that were counted and fit, held still: the other mode does not lower the loss."""
    model = network(nn.BatchNorm1d(32))
    watched(model, epochs=30)
    diagnosis = watched(model, evaluating=True, lr=0.01).diagnosis
    assert tried(diagnosis, "batchnorm-train-eval-gap").found == "cleared"
    assert "batchnorm-train-eval-gap" in names(diagnosis.cleared)


def test_what_is_proved_is_tried_where_asked() -> None:
    w = watched(network(), clear=False)
    assert w.diagnosis.trial is None
    diagnosis = w.trial(LONG)
    assert diagnosis is w.diagnosis
    one = tried(diagnosis, "missing-zero-grad")
    assert one.found == "confirmed"
    assert one.gain > 0
    assert names(diagnosis.confirmed) == ["missing-zero-grad"]
    assert diagnosis.to_dict()["trial"]["tried"][0]["cause"] == "missing-zero-grad"


def test_an_optimizer_that_lacks_a_layer() -> None:
    model = network()
    diagnosis = watched(model, held=[*model[2].parameters()], epochs=8).trial(LONG)
    assert names(diagnosis.confirmed) == ["optimizer-misses-parameters"]
    assert tried(diagnosis, "optimizer-misses-parameters").gain > 0


def test_a_fact_stays_one_where_mending_it_brings_nothing() -> None:
    """Adam does not mind a summed loss; a step of clearing matters little to three steps of a tiny rate."""
    w = watched(network(), lr=1e-6, clear=False)
    diagnosis = w.trial(LONG)
    assert tried(diagnosis, "missing-zero-grad").found == "cleared"
    assert names(diagnosis.confirmed) == ["missing-zero-grad"]


# --- where it cannot --------------------------------------------------------------------------------------------------


def test_not_while_the_loop_runs() -> None:
    model = network()
    with whynet.watch(model) as w, pytest.raises(RecipeError, match="still runs"):
        w.trial()


def test_nothing_open_is_nothing_tried() -> None:
    w = watched(network())
    assert w.diagnosis.trial is None
    assert "nothing is open" in str(w.trial(LONG).trial.told)  # type: ignore[union-attr]


def test_a_scaled_loss_is_not_run_again() -> None:
    diagnosis = watched(network(), clear=False, scale=0.25).trial(LONG)
    assert "0 batches could be recorded" in str(diagnosis)


def test_a_step_with_a_closure_is_not_run_again() -> None:
    model, (x, y) = network(), points()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=1)
    with whynet.watch(model, optimizer) as w:
        for part in torch.randperm(N).split(32):

            def closure(part: Tensor = part) -> Tensor:
                loss = F.cross_entropy(model(x[part]), y[part])
                loss.backward()
                return loss

            optimizer.step(closure)
    assert names(w.diagnosis.confirmed) == ["missing-zero-grad"]
    assert "none of torch.optim" in str(w.trial(LONG).trial.told)  # type: ignore[union-attr]


def test_the_budget_holds() -> None:
    w = watched(network(), clear=False)
    began = time.perf_counter()
    told = str(w.trial(1e-4).trial.told)  # type: ignore[union-attr]
    assert "were not enough" in told
    assert time.perf_counter() - began < BUDGET


def test_an_error_ends_the_loop_without_a_trial() -> None:
    model, (x, y) = network(), points()
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    w = whynet.watch(model, optimizer, LONG)

    def train() -> None:
        for i, part in enumerate(torch.randperm(N).split(8)):
            optimizer.zero_grad()
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
            if i == 30:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), w:
        train()
    assert w.diagnosis.trial is None


def test_a_trial_that_the_users_own_code_breaks_says_so() -> None:
    class Once(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.broken = network(), False

        def forward(self, x: Tensor) -> Tensor:
            if self.broken:
                raise KeyError("once")
            return self.inner(x)

    model = Once()
    w = watched(model, clear=False)
    model.broken = True
    assert any("KeyError" in one for one in w.trial(LONG).not_checked)


# --- the gap between the modes -----------------------------------------------------------------------------------------


def test_the_gap_between_the_modes_is_measured() -> None:
    model = network(nn.BatchNorm1d(32))
    w = watched(model, epochs=20)
    gap = next(one for one in w.diagnosis.suspicions if one.cause.name == "batchnorm-train-eval-gap").evidence[-1]
    assert "same examples" in str(gap.what)
    batches = w.loop.recorder.batches[-2:]
    with torch.no_grad():
        said = [
            sum(float(F.cross_entropy(model.train(mode)(b.args[0]), b.given[0])) for b in batches) / 2 for mode in (False, True)
        ]
    assert str(gap.observed) == f"{said[1]:.3g} and {said[0]:.3g}"
    assert gap.speaks == "against"


def test_statistics_that_never_settle_are_a_gap() -> None:
    x, y = points()
    model = network(nn.BatchNorm1d(32, momentum=1e-5))
    diagnosis = watched(model, epochs=30, data=(x * 50 + 300, y)).diagnosis
    assert names(diagnosis.confirmed) == ["batchnorm-train-eval-gap"]
    assert any("momentum" in line for line in diagnosis.fix)
    assert names(watched(network(nn.BatchNorm1d(32)), epochs=30, data=(x * 50 + 300, y)).diagnosis.confirmed) == []


def test_an_unknown_start_is_said() -> None:
    w = watched(network(), clear=False)
    w.loop.recorder.start = {}
    made = trial_of(w.loop, w.diagnosis.suspicions, LONG, asked=True)
    assert math.isnan(made.start)
    assert "64 MiB" in str(made.told)
