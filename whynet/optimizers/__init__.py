"""Part 4: the optimizers."""

from whynet.registry import discover

discover(__name__, __path__)
