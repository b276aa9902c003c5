"""The three wines of scikit-learn as Keras would do them, a control: few examples, and enough.

13 – Dense 16 relu – Dense 3 softmax, categorical cross-entropy, RMSprop at 0.003, batches of 16, 40 epochs; 30 % to test.
"""

from __future__ import annotations

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.case import Case
from benchmarks.faults.data import given
from benchmarks.faults.keras import CATEGORICAL, GLOROT, rmsprop
from benchmarks.faults.stated import stated
from whynet.recipe import Recipe, recipe


def program() -> Recipe:
    x, y = load_wine(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=0, stratify=y)
    scaler = StandardScaler().fit(x_train)
    data = given("wines", scaler.transform(x_train), y_train, test=(scaler.transform(x_test), y_test))
    model = 'mlp(widths=[16], output_activation="softmax")'
    return recipe(data, model, CATEGORICAL, rmsprop(0.003), init=GLOROT, batch_size=16, epochs=40)


case = Case("wine-sound", program, stated=stated("wine-sound"))
