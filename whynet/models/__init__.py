"""Part 2: the models."""

from whynet.registry import discover

discover(__name__, __path__)
