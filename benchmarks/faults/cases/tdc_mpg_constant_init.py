"""TheDeepChecker's regression program whose weights all begin at 0.01, so that each layer is as good as one unit.

See `benchmarks.faults.mpg` for table and network. The penalty is 1e-6 here.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.mpg import program
from whynet.recipe import Recipe


def faulty() -> Recipe:
    return program(init="constant(value=0.01)", penalty=1e-6)


def fixed() -> Recipe:
    """Weights as He et al. draw them."""
    return program(penalty=1e-6)


case = Case("tdc-mpg-constant-init", faulty, fixed, measure="mse")
