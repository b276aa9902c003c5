"""Bricks that torch.nn lacks or that must be open."""

from whynet.registry import discover

discover(__name__, __path__)
