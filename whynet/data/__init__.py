"""Part 1: the data."""

from whynet.registry import discover

discover(__name__, __path__)
