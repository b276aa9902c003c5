"""What is measured inside a step: one probe a file."""

from whynet.registry import discover

discover(__name__, __path__)
