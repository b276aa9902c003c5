"""Train into a store, find the run again, take its network with you."""

import torch

import whynet

store = whynet.Store("experiments")
run = whynet.fit(whynet.recipe("iris", "mlp(widths=[16])", epochs=10), store, name="sixteen units")
whynet.fit(run.recipe.change(**{"model.widths": [4]}), store, name="four units")

for line in store.runs():
    print(line.name, line.status, line.metric, line.score)

again = store.open(run.id)
print(again.history.loss == run.history.loss)  # → True
print(*store.compare(run.id, "last"))  # → model.widths: [16] → [4]

network = again.module  # an ordinary nn.Module, trained, in evaluation mode
print(network(torch.zeros(1, 4)).shape)  # → torch.Size([1, 3])
