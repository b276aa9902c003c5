"""What a run watches while it trains, as text: going on must measure what would have been measured."""

from __future__ import annotations

import json
from typing import cast

from whynet import registry
from whynet.engine.population import Tier
from whynet.engine.probes.probe import Probe
from whynet.engine.train import Watching
from whynet.errors import StoreError
from whynet.text import Text


def write_settings(watching: Watching, tier: Tier) -> str:
    """As it is stored."""
    names = {info.make: info.name for info in registry.infos("probe")}
    return json.dumps(
        {
            "probes": [names.get(type(probe), f"<{type(probe).__name__}>") for probe in watching.probes],
            "at": sorted(watching.at) if watching.at is not None else None,
            "evaluations": watching.evaluations,
            "test": watching.test,
            "checkpoint_every": watching.checkpoint_every,
            "tier": tier,
        }
    )


def read_settings(text: str) -> tuple[Watching, Tier]:
    """What `write_settings` wrote. Raises `StoreError` for a probe of the user's own."""
    values = json.loads(text)
    at = values["at"]
    watching = Watching(
        probes=tuple(_probe(name) for name in values["probes"]),
        at=frozenset(at) if at is not None else None,
        evaluations=values["evaluations"],
        test=values["test"],
        checkpoint_every=values["checkpoint_every"],
    )
    return watching, cast(Tier, values["tier"])


def _probe(name: str) -> Probe:
    if name.startswith("<"):
        raise StoreError(_OWN_PROBE, name=name[1:-1])
    return cast(Probe, registry.make("probe", name))


_OWN_PROBE = Text(
    "This run was watched by a probe of your own, {name}, which is not registered, so it cannot go on with the same history. "
    'Register it with @register("probe", …) and train again.',
    '이 런(run)은 등록되지 않은 프로브(probe) {name:으로} 관찰되어 같은 기록을 이어 갈 수 없다. @register("probe", …)로 '
    "등록하고 다시 학습한다.",
)
