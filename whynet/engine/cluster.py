"""A Ray cluster to train on: which one is meant, whether it can be reached, and what it offers.

    reach("ray")                # the one of RAY_ADDRESS, or one that `ray start` made this machine a part of, or else a local one
    reach("ray:10.0.0.5:6379")  # the one whose head listens there

Source: Moritz, Nishihara et al., "Ray: A Distributed Framework for Emerging AI Applications", 2018.
"""

from __future__ import annotations

import importlib
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whynet.engine.cores import cores
from whynet.errors import MissingExtraError, OptionError, TrainingError
from whynet.text import Text

ANSWERS = 5.0  # seconds within which a head has to answer; Ray itself would ask for minutes
_SILENCE = {  # what Ray would print among our lines, and count of what we do
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # of any line: it prints the log of a node that dies
}


@dataclass(frozen=True)
class Cluster:
    """What a cluster offered when it was reached."""

    address: str  # HOST:PORT of its head
    nodes: int
    cpus: int
    memory: int  # bytes for each CPU, on the node that has least


def reach(on: str) -> Cluster:
    """Connect this process to the cluster and see what it offers; the connection stays until the process ends.

    on: "ray" or "ray:HOST:PORT". Raises `OptionError` for anything else, `MissingExtraError` without Ray, `TrainingError` where the
    cluster does not answer, does not take us, or offers no CPU.
    """
    asked = _asked(on)
    ray = library()
    if not ray.is_initialized():
        _connect(ray, asked or _running())
    now = ray.get_runtime_context().gcs_address
    if asked and not _same(asked, now):
        raise TrainingError(_OTHER, now=now, asked=asked)
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    if not nodes:
        raise TrainingError(_NO_CPU, address=now)
    memory = min(int(one.get("memory", 0) / one["CPU"]) for one in nodes)
    return Cluster(now, len(nodes), sum(int(one["CPU"]) for one in nodes), memory)


def library() -> Any:
    """Ray, silent. Raises `MissingExtraError`."""
    try:
        with _silent():
            return importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtraError(_MISSING) from error


def _asked(on: str) -> str | None:
    """The address that was asked for; None for whichever there is."""
    kind, _, address = on.partition(":")
    host, _, port = address.rpartition(":")
    if kind != "ray" or (address and not (host and port.isdigit())) or on.endswith(":") or "/" in on:
        raise OptionError(_PLACE, received=on)
    return address or None


def _running() -> str | None:
    """The cluster of RAY_ADDRESS; or the one that `ray start` wrote down on this machine, if it still answers."""
    named = os.environ.get("RAY_ADDRESS", "")
    if "://" in named:
        raise TrainingError(_CLIENT, address=named)
    if named not in ("", "auto"):
        return named if named != "local" else None
    folder = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir())
    try:
        written = (folder / "ray" / "ray_current_cluster").read_text().strip()
    except OSError:
        return None
    return written if _answers(written) else None


def _connect(ray: Any, address: str | None) -> None:
    """Become a driver of the cluster, or of one on this machine alone."""
    if address and not _answers(address):
        raise TrainingError(_SILENT, address=address)
    own = {} if address else {"num_cpus": cores(), "include_dashboard": False}
    try:
        with _silent():
            ray.init(address or "local", logging_level="critical", log_to_driver=False, **own)
    except Exception as error:  # versions that differ, a machine that is none of its nodes: each is another kind of error
        reason = " ".join(str(error).split())
        raise TrainingError(_REFUSED if address else _NOT_STARTED, address=address, reason=reason) from error


def _answers(address: str) -> bool:
    """Whether anybody listens there."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWERS).close()
    except (OSError, ValueError):
        return False
    return True


def _same(asked: str, now: str) -> bool:
    """Whether two addresses lead to one head; Ray writes a loopback address as that of the node."""
    (host, _, port), (there, _, its) = asked.rpartition(":"), now.rpartition(":")
    try:
        found = socket.gethostbyname(host)
    except OSError:
        return False
    return port == its and (found == there or found.startswith("127."))


@contextmanager
def _silent() -> Iterator[None]:
    """Ray reads these when it is imported or started, and hands them on to what it starts; whoever has set one knows why."""
    new = [name for name in _SILENCE if name not in os.environ]
    os.environ.update({name: _SILENCE[name] for name in new})
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


_MISSING = Text(
    "Training on a cluster needs Ray, which is not installed: pip install 'whynet[scale]'",
    "클러스터에서 학습하려면 Ray가 있어야 하는데 설치되어 있지 않다: pip install 'whynet[scale]'",
)
_PLACE = Text(
    "Expected the cluster as ray (the running one, or one of this machine's cores) or ray:HOST:PORT. Received: {received}",
    "클러스터는 ray(실행 중인 클러스터, 없으면 이 컴퓨터의 코어)나 ray:HOST:PORT로 적는다. 받은 것: {received}",
)
_SILENT = Text(
    "No Ray cluster answers at {address}. Start its head with ray start --head --port=PORT, or leave the address out.",
    "{address}에서 응답하는 Ray 클러스터가 없다. ray start --head --port=PORT로 헤드 노드를 시작하거나 주소를 뺀다.",
)
_REFUSED = Text(
    "The Ray cluster at {address} cannot be used from here. This machine has to be one of its nodes (ray start "
    "--address={address}, with --num-cpus=0 where it should not train) and have the same Ray and Python. Ray says: {reason}",
    "{address}의 Ray 클러스터를 여기서 쓸 수 없다. 이 컴퓨터가 그 노드여야 하고(ray start --address={address}, 학습은 맡기지 않으려면 "
    "--num-cpus=0을 더한다) Ray와 파이썬 버전이 같아야 한다. Ray의 말: {reason}",
)
_NOT_STARTED = Text(
    "No Ray cluster could be started on this machine; --workers trains on its cores without one. Ray says: {reason}",
    "이 컴퓨터에서 Ray 클러스터를 시작할 수 없다. --workers를 쓰면 Ray 없이 여러 코어에서 학습한다. Ray의 말: {reason}",
)
_OTHER = Text(
    "This process already belongs to the Ray cluster at {now}, and a process can belong to one only. Received: {asked}",
    "이 프로세스는 이미 {now}의 Ray 클러스터에 속해 있고, 한 프로세스는 한 클러스터에만 속할 수 있다. 받은 것: {asked}",
)
_NO_CPU = Text(
    "No node of the Ray cluster at {address} offers a CPU. Add one: ray start --address={address}",
    "{address}의 Ray 클러스터에 CPU를 내놓는 노드가 없다. 노드를 더한다: ray start --address={address}",
)
_CLIENT = Text(
    "Expected RAY_ADDRESS to be HOST:PORT of the head, with this machine as one of its nodes: ray start --address=HOST:PORT "
    "--num-cpus=0. Received: {address}",
    "RAY_ADDRESS는 헤드 노드의 HOST:PORT여야 하고 이 컴퓨터가 그 클러스터의 노드여야 한다: ray start --address=HOST:PORT --num-cpus=0. "
    "받은 것: {address}",
)
