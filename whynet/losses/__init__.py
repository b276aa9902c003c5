"""Part 3: the losses."""

from whynet.registry import discover

discover(__name__, __path__)
