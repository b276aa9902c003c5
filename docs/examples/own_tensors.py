"""Your own arrays: 60 flowers in, two classes out."""

import numpy as np

import whynet

rng = np.random.default_rng(0)
x = rng.normal(size=(60, 4))
y = np.where(x[:, 0] + x[:, 1] > 0, "tall", "short")

data = whynet.from_tensors(x, y, scale="standard")
print(data.task.classes)  # → ('short', 'tall')
print(len(data.train), len(data.validation), len(data.test))  # → 43 5 12
for note in data.notes:
    print(note)  # → Inputs were standardised, (x - mean) / std, with mean and std of the 43 training examples.

run = whynet.fit(whynet.recipe(data, "mlp(widths=[8])", batch_size=16, epochs=5))
print(run.fitted.predict(data.test.x[:3]))  # the answers for three examples
