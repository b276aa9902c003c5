"""A recipe: four parts and the settings of a training, checked when it is made."""

import whynet
from whynet.recipe import from_json

before = whynet.recipe("digits", "mlp(widths=[64] * 4, activation=tanh)", optimizer="sgd(lr=0.1)", epochs=5)
after = before.change(**{"optimizer.momentum": 0.9, "batch_size": 32})

print(before)  # → data digits · model mlp(widths=[64] * 4, activation="tanh") · optimizer sgd(lr=0.1) · epochs 5
for difference in whynet.diff(before, after):
    print(difference)
# → optimizer.momentum: None → 0.9
# → batch_size: None → 32

print(from_json(before.to_json()) == before)  # → True

try:
    before.change(optimizer="sdg(lr=0.1)")
except whynet.errors.UnknownNameError as error:
    print(error)  # → There is no optimizer named 'sdg'. Did you mean sgd?
