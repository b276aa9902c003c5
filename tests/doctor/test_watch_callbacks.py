"""Watching through the callbacks of trainers that hide the loop; fakes with their public protocol, and the real ones where installed."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import whynet
from whynet.doctor.callbacks import lightning_callback, trainer_callback
from whynet.doctor.watch import Watch
from whynet.errors import MissingExtraError

X = torch.randn(128, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


class Callback:
    """The hooks of Lightning's `Callback` that any trainer calls."""


class Module(nn.Module):
    """A Lightning module calls its parts in ``training_step``, not itself."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.1), nn.ReLU(), nn.Linear(16, 2))
        self.cost = nn.CrossEntropyLoss()

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return self.cost(self.net(batch[0]), batch[1])


def fit(callback: Any, clear: bool, fail: bool = False) -> None:
    """What Lightning's trainer does, in its order."""
    torch.manual_seed(0)
    module = Module()
    trainer = SimpleNamespace(optimizers=[torch.optim.SGD(module.parameters(), lr=0.1)])
    callback.on_train_start(trainer, module)
    try:
        for _ in range(3):
            for i, part in enumerate(torch.randperm(128).split(16)):
                loss = module.training_step((X[part], Y[part]), i)
                if clear:
                    trainer.optimizers[0].zero_grad()
                loss.backward()
                trainer.optimizers[0].step()
                if fail and i == 5:
                    raise ValueError("own")
        callback.on_train_end(trainer, module)
    except ValueError as error:
        callback.on_exception(trainer, module, error)
    callback.teardown(trainer, module, "fit")


def names(diagnosis: Any) -> list[str]:
    return [one.cause.name for one in [*diagnosis.confirmed, *diagnosis.suspected]]


def test_a_lightning_fit() -> None:
    callback = lightning_callback(Watch, Callback)
    assert isinstance(callback, Callback)
    assert callback.diagnosis is None
    fit(callback, clear=True)
    assert callback.diagnosis.steps == 24
    assert names(callback.diagnosis) == []
    assert len(callback.diagnosis.losses) > 8


def test_a_lightning_fit_with_a_fault_and_an_error() -> None:
    callback = lightning_callback(Watch, Callback)
    fit(callback, clear=False, fail=True)
    assert names(callback.diagnosis) == ["missing-zero-grad"]
    assert callback.diagnosis.ended_by == "ValueError: own"


class Model(nn.Module):
    """A Hugging Face model computes its loss itself and gives back a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.net(inputs)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.parametrize("clear", [True, False])
def test_a_hugging_face_training(clear: bool) -> None:
    torch.manual_seed(0)
    callback = trainer_callback(Watch, Callback)
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters())
    given = {"model": model, "optimizer": SimpleNamespace(optimizer=optimizer)}
    callback.on_train_begin(None, None, None, **given)
    for part in torch.randperm(128).split(16):
        model(inputs=X[part], labels=Y[part])["loss"].backward()
        optimizer.step()
        if clear:
            model.zero_grad()
    callback.on_train_end(None, None, None, **given)
    assert callback.diagnosis.steps == 8
    assert names(callback.diagnosis) == ([] if clear else ["missing-zero-grad"])


@pytest.mark.skipif(importlib.util.find_spec("lightning") is not None, reason="lightning is installed")
def test_lightning_is_asked_for_by_name() -> None:
    with pytest.raises(MissingExtraError, match="lightning"):
        whynet.watch.lightning()


@pytest.mark.skipif(importlib.util.find_spec("transformers") is not None, reason="transformers is installed")
def test_transformers_is_asked_for_by_name() -> None:
    with pytest.raises(MissingExtraError, match="transformers"):
        whynet.watch.trainer()
