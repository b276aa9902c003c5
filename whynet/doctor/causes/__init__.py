"""What can be wrong with a network: one cause a file."""

from whynet.registry import discover

discover(__name__, __path__)
