"""What every peer's script shares: it reads what to train, then takes as many steps as it is asked for, a line of JSON each time.

    python SCRIPT '{"data": "digits.npz", "widths": [64, 64], "rates": [0.001], "seeds": [0], "batch": 64, "threads": 1}'
    {"steps": 1000}                                              ← a line on the way in
    {"steps": 1008, "seconds": 0.41, "loss": 0.012}              → a line on the way out

Steps are rounded up to whole epochs. Seconds are those of steady training: making the network, compiling and setting up are out.
The loss is the training loss averaged over the last epoch and over the arms.
"""

import itertools
import json
import math
import os
import sys
from collections.abc import Callable

import numpy as np

GIVEN: dict = json.loads(sys.argv[1])
if GIVEN["threads"] == 1:  # before torch or jax is imported
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
DATA = np.load(GIVEN["data"])
X, Y = DATA["x"], DATA["y"]  # (N, *inputs) float32, (N,) int64
FLAT = X.reshape(len(X), -1)
BATCH: int = GIVEN["batch"]
PER_EPOCH = len(X) // BATCH
CLASSES = int(Y.max()) + 1
SIZES = list(itertools.pairwise([FLAT.shape[1], *GIVEN.get("widths", []), CLASSES]))  # of each layer: units before, units after
assert len(X) % BATCH == 0, "every batch of every side has the same size"


def serve(train: Callable[[int], tuple[float, float]]) -> None:
    """Answer requests: ``train`` takes so many epochs and says the steady seconds and the loss of the last one."""
    for line in sys.stdin:
        epochs = max(1, math.ceil(json.loads(line)["steps"] / PER_EPOCH))
        seconds, loss = train(epochs)
        print(json.dumps({"steps": epochs * PER_EPOCH, "seconds": seconds, "loss": loss}), flush=True)
