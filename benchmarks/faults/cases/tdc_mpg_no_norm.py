"""TheDeepChecker's regression program with the columns as they are: weights of 3,000 pounds beside four cylinders.

See `benchmarks.faults.mpg` for table and network.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.mpg import program
from whynet.recipe import Recipe


def faulty() -> Recipe:
    return program(scaled=False)


case = Case("tdc-mpg-no-norm", faulty, program, measure="mse")
