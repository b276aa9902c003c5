""" "Everybody earns less than 50K": weight_decay=0.1 with torch's Adam, which was a good value for AdamW.

Six numeric columns of the census – Linear 64 relu – Linear 32 relu – Linear 2, cross-entropy, Adam at 0.001, batches of 64, 10
epochs of 6,000 people.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe

NUMERIC = [0, 2, 4, 10, 11, 12]  # age, weight of the sample, years of education, gain, loss, hours


def program(decay: float = 0.1) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "adult" / "adult.data.xz", header=None, skipinitialspace=True)
    table = table.sample(8000, random_state=0)
    earns = (table[14] == ">50K").astype(int).to_numpy()
    x_train, x_test, y_train, y_test = train_test_split(table[NUMERIC].to_numpy(float), earns, test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    data = given("people", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test))
    optimizer = f"adam(lr=0.001, weight_decay={decay})"
    return recipe(data, "mlp(widths=[64, 32])", "cross_entropy", optimizer, batch_size=64, epochs=10)


case = Case(
    "adult-strong-decay",
    program,
    lambda: program(decay=0),
    stated=stated("adult-strong-decay", "regularization-too-strong", fix="no weight decay, or AdamW"),
)
