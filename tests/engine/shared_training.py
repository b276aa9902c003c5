"""What every process of `test_engine_parallel` runs: trains the recipes it is given, and the first writes down what came out."""

from __future__ import annotations

import json
import sys

import torch

from whynet.engine.arm import prepare
from whynet.engine.device import use_device
from whynet.engine.events import Noticed
from whynet.engine.fit import all_probes, follow
from whynet.engine.parallel import launched, leads, leave, together
from whynet.engine.train import Watching, train
from whynet.recipe import from_json


def main(recipes: list[str], out: str) -> None:
    """Train each recipe in turn, in both tiers, and write histories and weights to a file."""
    torch.set_num_threads(1)
    found = []
    with use_device("cpu"), together() as ranks:
        for text in recipes:
            for tier in ("eager", "traced"):
                arm = prepare(from_json(text))
                notes: list[str] = []
                events = train([arm], Watching(all_probes(), evaluations=2), tier)  # type: ignore[arg-type]
                outcome = follow(
                    events, lambda event, notes=notes: notes.append(str(event)) if isinstance(event, Noticed) else None
                )[0]
                found.append(
                    {
                        "loss": outcome.history.loss,
                        "evaluations": [[e.step, e.split, e.loss] for e in outcome.history.evaluations],
                        "weights": outcome.weights.tolist(),
                        "buffers": {name: value.tolist() for name, value in outcome.buffers.items()},
                        "notes": notes,  # such as that it could not be traced
                        "world": ranks.world if ranks else launched(),
                    }
                )
    if leads():
        with open(out, "w") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2])
    leave(0)  # as `python -m whynet` ends under torchrun
