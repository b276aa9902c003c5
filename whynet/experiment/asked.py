"""What was asked of a comparison: all that decides what comes out of it, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from whynet.engine.plan import Workers
from whynet.engine.population import Tier
from whynet.engine.train import Watching
from whynet.experiment.factor import Level
from whynet.recipe import from_json
from whynet.runs.settings import read_settings, write_settings


@dataclass(frozen=True)
class Means:
    """With what arms are trained; see `engine.plan.make_plan`."""

    stack: bool = True
    workers: Workers = "auto"
    tier: Tier = "auto"
    on: str | None = None


@dataclass(frozen=True)
class Asked:
    """A comparison that was checked and may begin."""

    levels: tuple[Level, ...]
    paths: tuple[str, ...]
    seeds: tuple[int, ...]
    baseline: str
    rates: tuple[float, ...] | None  # that each level tries first; None: its own is kept
    watching: Watching
    means: Means

    @property
    def is_written(self) -> bool:
        """Whether a new process could read it: no recipe holds a Python object of the user's."""
        return all(level.recipe.is_written for level in self.levels)

    @property
    def title(self) -> str:
        """What a listing calls it."""
        return f"{self.levels[0].recipe.data} · {', '.join(self.paths)}: {' | '.join(level.name for level in self.levels)}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "levels": [{"name": level.name, "recipe": level.recipe.to_json()} for level in self.levels],
            "paths": self.paths, "seeds": self.seeds, "baseline": self.baseline, "rates": self.rates,
            "watching": write_settings(self.watching, self.means.tier), "means": asdict(self.means), "written": self.is_written,
        }  # fmt: skip


def read(values: Mapping[str, Any]) -> Asked:
    """What `Asked.to_dict` told, where it was written. Raises `StoreError` for a probe of the user's own."""
    return Asked(
        tuple(Level(one["name"], from_json(one["recipe"])) for one in values["levels"]),
        tuple(values["paths"]), tuple(values["seeds"]), values["baseline"],
        None if values["rates"] is None else tuple(values["rates"]),
        read_settings(values["watching"])[0], Means(**values["means"]),
    )  # fmt: skip
