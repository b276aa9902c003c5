"""whynet: a laboratory for neural networks. It trains them and says why they do or do not learn.

import whynet

run = whynet.fit(whynet.recipe("digits", "mlp(widths=[64, 64])", epochs=20))
print(whynet.compare(whynet.recipe("digits", "mlp"), {"model.activation": ["sigmoid", "relu"]}).verdict)
print(whynet.why("mlp(widths=[64] * 10, activation='sigmoid')", "digits", optimizer="sgd(lr=0.1)").verdict)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whynet.data import from_tensors, load
    from whynet.doctor.diagnose import why
    from whynet.doctor.watch import watch
    from whynet.experiment.compare import compare
    from whynet.experiment.ensemble import ensemble
    from whynet.experiment.resuming import resume
    from whynet.models.describe import describe
    from whynet.models.features import features
    from whynet.models.graph import graph
    from whynet.questions.ask import ask
    from whynet.recipe import diff, known, recipe
    from whynet.report.sights import pictures
    from whynet.runs.fit import fit
    from whynet.runs.store import Store
    from whynet.text import set_language, use_language

_PLACES = {
    "ask": "whynet.questions.ask",
    "compare": "whynet.experiment.compare",
    "describe": "whynet.models.describe",
    "diff": "whynet.recipe",
    "ensemble": "whynet.experiment.ensemble",
    "features": "whynet.models.features",
    "fit": "whynet.runs.fit",
    "from_tensors": "whynet.data",
    "graph": "whynet.models.graph",
    "known": "whynet.recipe",
    "load": "whynet.data",
    "pictures": "whynet.report.sights",
    "recipe": "whynet.recipe",
    "resume": "whynet.experiment.resuming",
    "set_language": "whynet.text",
    "Store": "whynet.runs.store",
    "use_language": "whynet.text",
    "watch": "whynet.doctor.watch",
    "why": "whynet.doctor.diagnose",
}

__all__ = [
    "Store",
    "ask",
    "compare",
    "describe",
    "diff",
    "ensemble",
    "features",
    "fit",
    "from_tensors",
    "graph",
    "known",
    "load",
    "pictures",
    "recipe",
    "resume",
    "set_language",
    "use_language",
    "watch",
    "why",
]


def __getattr__(name: str) -> Any:
    """Names are loaded when first used, so that ``whynet --help`` does not wait for torch."""
    if name not in _PLACES:
        raise AttributeError(f"module 'whynet' has no attribute {name!r}")
    from importlib import import_module

    place = import_module(_PLACES[name])
    value = place if name in ("recipe", "watch") else getattr(place, name)  # the module of that name can be called
    globals()[name] = value  # a room may carry the name of what is in it: recipe, data
    return value
