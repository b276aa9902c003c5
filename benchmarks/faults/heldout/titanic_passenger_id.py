""" "Why is it no better than the baseline?" Survival from passenger number, first letter of the name, end of the ticket.

3 columns – Linear 64 relu – Linear 64 relu – Linear 2, Adam at 0.001, batches of 32, 40 epochs. Mended, it is given sex, class
and fare.
"""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import folder, given
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program(informative: bool = False) -> Recipe:
    table = pd.read_csv(folder() / "tabular" / "titanic.csv")
    table["Male"] = (table["Sex"] == "male").astype(int)
    table["Digits"] = table["Ticket"].str.extract(r"(\d{1,2})$").fillna("0").astype(float)
    table["Letter"] = table["Name"].str[0].map(ord)
    x = table[["Male", "Pclass", "Fare"] if informative else ["PassengerId", "Letter", "Digits"]]
    x_train, x_test, y_train, y_test = train_test_split(
        x.to_numpy(), table["Survived"].to_numpy(), test_size=0.25, random_state=0
    )
    scaler = StandardScaler().fit(x_train)
    data = given("passengers", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test))
    return recipe(data, "mlp(widths=[64, 64])", "cross_entropy", "adam(lr=0.001)", batch_size=32, epochs=40)


case = Case(
    "titanic-passenger-id",
    program,
    lambda: program(informative=True),
    stated=stated("titanic-passenger-id", "nothing-to-learn", fix="inputs that have to do with it"),
)
