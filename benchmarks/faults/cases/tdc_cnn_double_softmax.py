"""TheDeepChecker's convolutional network with a softmax before a loss that has one in it.

See `benchmarks.faults.digits_cnn` for the network.
"""

from __future__ import annotations

from benchmarks.faults.case import Case
from benchmarks.faults.digits_cnn import program
from whynet.recipe import Recipe


def faulty() -> Recipe:
    return program(then=", softmax")


case = Case("tdc-cnn-double-softmax", faulty, program, table_steps=300)
