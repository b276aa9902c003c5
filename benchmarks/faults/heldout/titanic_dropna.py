""" "Only 57 % on Titanic": rows without an age are dropped from the inputs, and the first as many labels are taken.

From the first missing age on, every passenger has somebody else's fate. 6 columns – Linear 32 relu – Linear 16 relu – Linear 2,
Adam at 0.005, batches of 32, 30 epochs.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(aligned: bool = False) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "titanic.csv")
    table["Male"] = (table["Sex"] == "male").astype(int)
    x = table[["Pclass", "Male", "Age", "SibSp", "Parch", "Fare"]].dropna()
    y = table.loc[x.index, "Survived"] if aligned else table["Survived"][: len(x)]
    x_train, x_test, y_train, y_test = train_test_split(x.to_numpy(), y.to_numpy(), test_size=0.25, random_state=0)
    scaler = StandardScaler().fit(x_train)
    data = given("passengers", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test))
    return recipe(data, "mlp(widths=[32, 16])", "cross_entropy", "adam(lr=0.005)", batch_size=32, epochs=30)


case = Case(
    "titanic-dropna",
    program,
    lambda: program(aligned=True),
    stated=stated(
        "titanic-dropna",
        "labels-misaligned | labels-corrupted-by-preprocessing | label-noise | nothing-to-learn",
        fix="take the labels of the rows that are left",
        notes="The tensors alone do not tell labels of other rows from labels of nothing.",
    ),
)
