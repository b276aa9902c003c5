"""The doctor on one program, in a process of its own: ``python -m benchmarks.faults.doctor ID``; JSON on the last line of output."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import torch
from torch import nn, optim

import whynet
from benchmarks.faults.case import Case, load
from benchmarks.faults.data import use_real_data
from benchmarks.faults.said import Said, read
from whynet.doctor.diagnose import diagnose


def examined(case: Case, seeds: int, budget: float) -> Said:
    """Ask the doctor about the program."""
    started = time.monotonic()
    if case.train is not None:
        return watched(case)
    diagnosis = diagnose(case.make(), seeds, budget)
    return read(case.id, diagnosis.to_dict(), time.monotonic() - started, diagnosis.examination.metric)


def watched(case: Case) -> Said:
    """Run the program's own loop under `whynet.watch`, on one thread as for the symptoms: two that wait for each other on a busy machine
    took ten times as long, watched or not."""
    torch.set_num_threads(1)
    started, watchers = time.monotonic(), []

    def kept(model: nn.Module, optimizer: optim.Optimizer, /) -> AbstractContextManager[Any]:
        watchers.append(whynet.watch(model, optimizer))
        return watchers[0]

    assert case.train is not None
    case.train(kept)
    return read(case.id, watchers[0].diagnosis.to_dict(), time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=60.0)
    wanted = parser.parse_args()
    use_real_data()
    print(json.dumps(asdict(examined(load(wanted.case), wanted.seeds, wanted.budget))))


if __name__ == "__main__":
    main()
