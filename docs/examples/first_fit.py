"""The first training: a recipe, a run, what it reached, the network itself."""

import whynet

run = whynet.fit(whynet.recipe("digits", "mlp(widths=[64, 64])", epochs=5))

print(run.metric, run.score)  # accuracy on the test set
print(run.history.curve("validation", "loss"))  # steps, and the loss at each
print(run.module)  # an ordinary nn.Module, yours to keep
