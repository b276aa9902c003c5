"""TheDeepChecker's regression program with a rate of 0.1 instead of 0.001.

See `benchmarks.faults.mpg` for table and network.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.mpg import program
from whynet.recipe import Recipe


def faulty() -> Recipe:
    return program(lr=0.1)


case = Case("tdc-mpg-high-lr", faulty, program, measure="mse")
