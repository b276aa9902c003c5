"""The comparison by hand: a plain loop over the arms, one after another, each trained, evaluated twenty times, and tested.

    python plain_whole.py '{…, "rates": [...], "seeds": [...], "total": 1000}'     an arm for each (rate, seed) of the two lists

It reads the data and measures what `whynet.experiment.compare` measures by default; imports are out of the seconds on both sides.
"""

import json
import time

import torch
from serving import BATCH, DATA, GIVEN, SIZES, X, Y
from torch import nn
from torch.nn.functional import cross_entropy

EVALUATIONS = 20
torch.set_num_threads(GIVEN["threads"])


def measure(module, x, y):
    with torch.no_grad():
        outputs = module(x)
        return cross_entropy(outputs, y).item(), (outputs.argmax(dim=1) == y).float().mean().item()


def arm(rate, seed):
    torch.manual_seed(seed)
    layers = [layer for before, after in SIZES for layer in (nn.Linear(before, after), nn.ReLU())]
    module = nn.Sequential(nn.Flatten(), *layers[:-1])
    optimizer = torch.optim.Adam(module.parameters(), lr=rate)
    x, y, validation, test = (torch.from_numpy(part) for part in (X, Y, DATA["x_validation"], DATA["x_test"]))
    step, losses = 0, []
    while step < GIVEN["total"]:
        for batch in torch.randperm(len(x)).split(BATCH):
            loss = cross_entropy(module(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
            if step % (GIVEN["total"] // EVALUATIONS) == 0:
                measure(module, x, y)
                measure(module, validation, torch.from_numpy(DATA["y_validation"]))
            if step == GIVEN["total"]:
                break
    return measure(module, test, torch.from_numpy(DATA["y_test"]))[1]


start = time.perf_counter()
scores = [arm(rate, seed) for rate, seed in zip(GIVEN["rates"], GIVEN["seeds"], strict=True)]
print(json.dumps({"seconds": time.perf_counter() - start, "score": sum(scores) / len(scores)}))
