"""What a figure was measured on, without which it means nothing."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


def facts() -> dict[str, str]:
    """Processor, cores, load, system and versions, by name."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown",
        "threads": str(torch.get_num_threads()),
        "system": platform.system() + " " + platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
