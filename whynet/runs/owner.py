"""Which process trains a run, and whether it is still there."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from functools import cache
from pathlib import Path

SILENCE = 600.0  # seconds without a sign of life after which a process on another machine is taken for gone


def this_process() -> str:
    """This process, as it is written into the store."""
    return json.dumps({"host": socket.gethostname(), "boot": _boot(), "pid": os.getpid(), "started": _started(os.getpid())})


def is_alive(owner: str | None, heartbeat: float | None) -> bool:
    """Whether the process that wrote this still runs. On this machine that is known; elsewhere its last sign of life decides."""
    if owner is None:
        return False
    about = json.loads(owner)
    if about["host"] != socket.gethostname() or sys.platform == "win32":
        return heartbeat is not None and time.time() - heartbeat < SILENCE
    if about["boot"] != _boot():
        return False
    try:
        os.kill(about["pid"], 0)  # asks only; sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and somebody else's
        pass
    return about["started"] == _started(about["pid"])  # else the number was given to a younger process since


@cache
def _boot() -> str:
    """Which start of the machine this is; empty where the system does not tell."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _started(pid: int) -> str:
    """When a process started, in ticks since the machine did (field 22 of proc(5)); empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    return "" if after_name[0] == "Z" else after_name[19]  # a zombie has ended
