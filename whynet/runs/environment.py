"""Where a run was trained: what its last bits may depend on."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from whynet.engine.device import current, title


@dataclass(frozen=True)
class Environment:
    """Versions and machine of a training."""

    python: str
    torch: str
    whynet: str
    cpu: str
    platform: str
    device: str = "cpu"  # where it was computed; on the processor, before this was noted

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self))


def environment() -> Environment:
    """This one."""
    return Environment(
        python=platform.python_version(),
        torch=str(torch.__version__),
        whynet=version("whynet"),
        cpu=_cpu(),
        platform=platform.platform(),
        device=title(current()),
    )


def from_json(text: str) -> Environment:
    """The environment that `Environment.to_json` wrote."""
    return Environment(**json.loads(text))


def _cpu() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
