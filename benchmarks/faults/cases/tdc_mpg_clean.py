"""TheDeepChecker's regression program, a control: nothing is wrong with it.

See `benchmarks.faults.mpg` for table and network.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.mpg import program
from whynet.recipe import Recipe


def healthy() -> Recipe:
    return program()


case = Case("tdc-mpg-clean", healthy, measure="mse")
