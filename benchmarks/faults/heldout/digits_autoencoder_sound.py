"""An autoencoder of the digits, a control: sixteen numbers for 64 pixels, which are between 0 and 1 as is its sigmoid.

64 – Linear 48 relu – Linear 16 – Linear 48 relu – Linear 64 sigmoid, mean squared error, Adam at 0.005, batches of 32, 120
epochs.
"""

from __future__ import annotations

from torch import nn

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.stated import stated
from whynet.data import load
from whynet.recipe import Recipe, recipe


def network() -> nn.Module:
    encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 16))
    decoder = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 64), nn.Sigmoid())
    return nn.Sequential(encoder, decoder)


def program() -> Recipe:
    digits = load("digits")
    x_train, x_test = digits.train.x.flatten(1), digits.test.x.flatten(1)
    data = given("pixels", x_train, x_train, test=(x_test, x_test), task="regress")
    return recipe(data, network, nn.MSELoss(), "adam(lr=0.005)", batch_size=32, epochs=120)


case = Case("digits-autoencoder-sound", program, measure="r2", stated=stated("digits-autoencoder-sound"))
