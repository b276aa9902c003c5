"""What this machine lends us: processor cores and memory."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = 4 * 2**30  # bytes of memory assumed where the system does not say
GROUP = Path("/sys/fs/cgroup")  # where Linux writes down what a container may use


def cores(group: Path = GROUP) -> int:
    """Processor cores that this process may use: those it is allowed to run on, no more than a container's share of time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(group / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        allowed = min(allowed, max(1, int(quota) // int(period)))
    return allowed


def free_memory(meminfo: Path = Path("/proc/meminfo"), group: Path = GROUP) -> int:
    """Bytes of memory that can still be taken without pushing anything out, in the machine and in a container; 4 GiB where unknown."""
    lines = (line.split() for line in _read(meminfo).splitlines() if line.startswith("MemAvailable:"))
    free = next((int(words[1]) * 1024 for words in lines), UNKNOWN)  # written in kB, meant in KiB
    limit, used = _read(group / "memory.max"), _read(group / "memory.current")
    return min(free, max(0, int(limit) - int(used))) if limit.isdigit() and used.isdigit() else free


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
