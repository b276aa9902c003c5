"""A run as it was stored; history and weights are read when first asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from sqlalchemy import select
from torch import nn

from whynet.engine.arm import prepare
from whynet.engine.checkpoint import Checkpoint, restore
from whynet.engine.events import Outcome
from whynet.engine.fit import Fitted
from whynet.engine.history import History
from whynet.errors import StoreError
from whynet.recipe import Recipe
from whynet.runs import environment, schema
from whynet.runs.absent import read_recipe
from whynet.runs.beginnings import as_begun
from whynet.runs.chunk import unpack
from whynet.runs.database import Database
from whynet.runs.ending import read_why
from whynet.runs.files import read_tensors
from whynet.runs.stored import Stored
from whynet.task import Task
from whynet.text import Text


class Run(Stored):
    """A recipe that was trained, or is being trained, or was interrupted; as it stood when it was opened."""

    def __init__(self, database: Database, folder: Path, row: Mapping[str, Any], fitted: Fitted | None = None) -> None:
        super().__init__(database, folder, row)
        if fitted:
            self.fitted = fitted
            self.recipe = fitted.recipe
            self.history = fitted.history

    @property
    def label(self) -> str:
        """Which arm of a comparison it was; empty where it was none."""
        return self.summary.label

    @property
    def score(self) -> float | None:
        """That number, on the test split where there is one; None until it ended."""
        return self.summary.score

    @property
    def why(self) -> Text | None:
        """Why it ended before its time."""
        return read_why(self.row["why"])

    @cached_property
    def recipe(self) -> Recipe:
        """What was trained; where it held Python objects of your own, an `Absent` stands in their place."""
        return read_recipe(self.row["recipe"], self.marks, self.id)

    @cached_property
    def task(self) -> Task:
        """What the data asked for."""
        values: dict[str, Any] = json.loads(self.row["task"])
        fields: Any = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return Task(**fields)

    @cached_property
    def environment(self) -> environment.Environment:
        """Versions and machine of its training."""
        return environment.from_json(self.row["environment"])

    @cached_property
    def marks(self) -> dict[str, str]:
        """Checksums of its data and its initial weights."""
        return json.loads(self.row["marks"])

    @cached_property
    def history(self) -> History:
        """Everything measured, up to the last checkpoint where it has not ended."""
        chunks = schema.history
        with self.database.read() as connection:
            rows = connection.execute(
                select(chunks)
                .where(chunks.c.run == self.id, chunks.c.stop <= self.row["step"])
                .order_by(chunks.c.start, chunks.c.stop)
            )
            return unpack(row._asdict() for row in rows)

    @cached_property
    def fitted(self) -> Fitted:
        """The trained recipe with its data, as `engine.fit` returns it. Raises `StoreError` where the run has not ended."""
        _ = self.weights
        return self.refit(self.recipe)

    def refit(self, recipe: Recipe) -> Fitted:
        """The trained recipe, made of the stored weights and this recipe; for one with Python objects of your own.

        Raises `StoreError` where that builds another network.
        """
        if not recipe.is_written and recipe is self.recipe:
            raise StoreError(_NEEDS_OBJECTS, run=self.id, recipe=str(recipe))
        with as_begun([recipe], self.folder):
            arm = prepare(recipe, self.label)
        tensors, numbers = read_tensors(self.weights)
        network = arm.network
        expected = {**dict(zip(network.names, network.shapes, strict=True)), **{n: b.shape for n, b in network.buffers.items()}}
        if expected != {name: tensor.shape for name, tensor in tensors.items()}:
            raise StoreError(_OTHER_NETWORK, run=self.id, model=str(recipe.model))
        weights = torch.cat([tensors.pop(name).reshape(-1) for name in network.names])
        status: Any = self.status
        return Fitted(arm, Outcome(status, self.history, weights, tensors, int(numbers["step"]), self.why))

    @property
    def module(self) -> nn.Module:
        """The trained network as an ordinary ``nn.Module`` in evaluation mode, yours to keep."""
        return self.fitted.module

    @property
    def weights(self) -> Path:
        """The file of the trained weights, from which another recipe may begin: ``pretrained=run.weights``. Raises `StoreError`."""
        if self.row["weights"] is None:
            raise StoreError(_UNFINISHED, run=self.id, step=self.row["step"], total=self.row["total_steps"])
        return self.folder / str(self.row["weights"])

    def checkpoint(self) -> Checkpoint | None:
        """The state to go on from; None where no checkpoint was written yet. Raises `StoreError` where its file is damaged."""
        name = self.row["checkpoint"]
        return restore(*read_tensors(self.folder / name)) if name else None


_UNFINISHED = Text(
    "Run {run} has no trained network yet: it stands at step {step} of {total}. Go on with it: whynet resume {run}",
    "런(run) {run}에는 아직 학습된 네트워크가 없다. {total} 스텝 중 {step} 스텝까지 왔다. 이어서 학습한다: whynet resume {run}",
)
_NEEDS_OBJECTS = Text(
    "Run {run} was made with Python objects of your own, which are not stored ({recipe}). Its history is here, and its weights "
    "are in its folder; to have its network again give the same objects: run.refit(recipe)",
    "런(run) {run:은} 사용자의 파이썬 객체로 만들었고 객체는 저장되지 않는다({recipe}). 기록과 가중치는 남아 있다. "
    "네트워크를 다시 얻으려면 같은 객체를 준다: run.refit(recipe)",
)
_OTHER_NETWORK = Text(
    "The weights of run {run} do not fit the network that {model} builds: names or shapes differ.",
    "런(run) {run}의 가중치가 {model:이} 만드는 네트워크에 맞지 않는다. 이름이나 모양이 다르다.",
)
