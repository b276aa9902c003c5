"""Keras 3 through `fit`, its backend as given ("torch" or "jax"); on jax an epoch's steps are one execution, as Keras advises."""

import os
import time

from serving import BATCH, FLAT, GIVEN, PER_EPOCH, SIZES, Y, serve  # sets the threads, so it comes before the backend

os.environ["KERAS_BACKEND"] = GIVEN["backend"]
if GIVEN["backend"] == "torch":
    import torch

    torch.set_num_threads(GIVEN["threads"])
import keras  # isort: skip

keras.utils.set_random_seed(GIVEN["seeds"][0])
like_torch = keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")  # uniform within 1/√fan_in
hidden = [keras.layers.Dense(units, activation="relu", kernel_initializer=like_torch) for _, units in SIZES[:-1]]
head = keras.layers.Dense(SIZES[-1][1], kernel_initializer=like_torch)
model = keras.Sequential([keras.Input((SIZES[0][0],)), *hidden, head])
model.compile(
    optimizer=keras.optimizers.Adam(GIVEN["rates"][0], epsilon=1e-8),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    steps_per_execution=PER_EPOCH if GIVEN["backend"] == "jax" else 1,
)


class Clock(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0:  # the first epoch of a call sets things up
            self.begun = time.perf_counter()


def train(epochs):
    clock = Clock()
    history = model.fit(FLAT, Y, batch_size=BATCH, epochs=epochs + 1, verbose=0, callbacks=[clock])
    return time.perf_counter() - clock.begun, float(history.history["loss"][-1])


serve(train)
