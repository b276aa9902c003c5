"""What can be wrong with the wiring of a training loop: one fault a file."""

import whynet.doctor.causes  # noqa: F401  first: a fault that a recipe can have as well is listed as that cause
from whynet.registry import discover

discover(__name__, __path__)
