"""A comparison as it was stored: its levels, and every arm with all that was measured of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import select

from whynet.engine.arm import prepare
from whynet.engine.checkpoint import Status as Ended
from whynet.engine.fit import Fitted
from whynet.engine.history import History
from whynet.engine.plan import Plan
from whynet.errors import StoreError
from whynet.recipe import Recipe
from whynet.runs import files, schema
from whynet.runs.absent import read_recipe
from whynet.runs.beginnings import as_begun
from whynet.runs.chunk import unpack
from whynet.runs.database import Database
from whynet.runs.ending import read_why
from whynet.runs.stored import Stored
from whynet.runs.underway import outcome, read_plan
from whynet.text import Text

COMPARING = "comparing"  # the phase whose arms are compared

rows = schema.arms


@dataclass(frozen=True)
class KeptArm:
    """One arm of a stored comparison; its history is read when first asked for."""

    comparison: KeptComparison
    row: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<KeptArm {self.level} seed {self.seed} ({self.status})>"

    @property
    def level(self) -> str:
        """The level it belongs to."""
        return str(self.row["label"])

    @property
    def seed(self) -> int:
        """The seed it was trained under."""
        return self.recipe.seed

    @property
    def status(self) -> Ended:
        """How it ended."""
        ended: Ended = self.row["status"]
        return ended

    @property
    def why(self) -> Text | None:
        """Why it ended before its time."""
        return read_why(self.row["why"])

    @cached_property
    def recipe(self) -> Recipe:
        """What was trained; where it held Python objects of your own, an `Absent` stands in their place."""
        return read_recipe(self.row["recipe"], {}, f"{self.comparison.id} {self.level}")

    @cached_property
    def history(self) -> History:
        """Everything measured: the loss of each step, the evaluations, the probes."""
        return unpack([self.comparison.measured(self.row["arm"])])

    @cached_property
    def fitted(self) -> Fitted:
        """The trained recipe with its data and its weights. Raises `StoreError` where it held objects, or the weights are gone."""
        if not self.recipe.is_written:
            raise StoreError(_OBJECTS, run=self.comparison.id, recipe=str(self.recipe))
        tensors, _ = files.read_tensors(self.comparison.folder / self.row["weights"])
        whole = {**self.row, **self.comparison.measured(self.row["arm"])}
        with as_begun([self.recipe], self.comparison.folder):
            return Fitted(prepare(self.recipe, self.level), outcome(whole, tensors))


class KeptComparison(Stored):
    """A comparison that was kept, or is under way, or was interrupted; as it stood when it was opened."""

    def __init__(self, database: Database, folder: Path, row: Mapping[str, Any]) -> None:
        super().__init__(database, folder, row)
        self.asked: dict[str, Any] = json.loads(row["settings"] or "{}")

    @property
    def paths(self) -> tuple[str, ...]:
        """The factor: the fields of the recipe in which levels may differ."""
        return tuple(self.asked.get("paths", ()))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds under which every level is trained."""
        return tuple(self.asked.get("seeds", ()))

    @property
    def levels(self) -> dict[str, Recipe]:
        """The recipe of each level, by name, as it was asked for."""
        found = self.asked.get("levels", ())
        return {one["name"]: read_recipe(one["recipe"], {}, f"{self.id} {one['name']}") for one in found}

    @cached_property
    def payload(self) -> dict[str, Any] | None:
        """What came out, as `Comparison.to_dict` tells it; None until it has ended."""
        return json.loads(self.row["payload"]) if self.row["payload"] else None

    @cached_property
    def plan(self) -> Plan | None:
        """Which arms trained as one, and where; None where that was not kept."""
        own = select(schema.phases.c.plan).where(schema.phases.c.run == self.id, schema.phases.c.phase == COMPARING)
        with self.database.read() as connection:
            found = connection.execute(own).scalar()
        return read_plan(found) if found else None

    def arms(self) -> list[KeptArm]:
        """The arms that have ended, level by level, each in the order of the seeds. No history is read for it."""
        light = [column for column in rows.c if column.name not in ("losses", "evaluations", "series", "readings")]
        query = select(*light).where(rows.c.run == self.id, rows.c.phase == COMPARING).order_by(rows.c.arm)
        with self.database.read() as connection:
            return [KeptArm(self, row._asdict()) for row in connection.execute(query)]

    def measured(self, arm: int) -> Mapping[str, Any]:
        """The columns of one arm's history."""
        query = select(rows).where(rows.c.run == self.id, rows.c.phase == COMPARING, rows.c.arm == arm)
        with self.database.read() as connection:
            return connection.execute(query).one()._asdict()


_OBJECTS = Text(
    "The arms of comparison {run} were made with Python objects of your own, which are not stored ({recipe}). Their histories are "
    "here; their networks cannot be made again.",
    "비교 {run}의 네트워크는 사용자의 파이썬 객체로 만들었고 객체는 저장되지 않는다({recipe}). "
    "기록은 남아 있지만 네트워크는 다시 만들 수 없다.",
)
