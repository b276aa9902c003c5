"""TheDeepChecker's convolutional network with a rate of 0.5 instead of 0.1.

See `benchmarks.faults.digits_cnn` for the network.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.digits_cnn import program
from whynet.recipe import Recipe


def faulty() -> Recipe:
    return program(lr=0.5)


case = Case("tdc-cnn-high-lr", faulty, program, table_steps=300)
