"""One change to the model of a recipe, whatever it was written as: a spec with options, a stack of bricks, or the user's module.

Each function returns the changed recipe, or None where the model offers no such place. A user's module is never touched: what is
changed is a copy, made anew for every training.
"""

from whynet.doctor.surgery.capacity import deeper, shallower, wider
from whynet.doctor.surgery.hidden import (
    SATURATING,
    with_activation,
    with_hidden_activation,
    with_nonlinearity,
    with_norm,
    with_skip,
)
from whynet.doctor.surgery.output import OUTPUT, looks_like_probabilities, without_output_activation
from whynet.doctor.surgery.places import tried
from whynet.doctor.surgery.regular import with_dropout, with_norm_momentum, with_penalty

__all__ = [
    "OUTPUT",
    "SATURATING",
    "deeper",
    "looks_like_probabilities",
    "shallower",
    "tried",
    "wider",
    "with_activation",
    "with_dropout",
    "with_hidden_activation",
    "with_nonlinearity",
    "with_norm",
    "with_norm_momentum",
    "with_penalty",
    "with_skip",
    "without_output_activation",
]
