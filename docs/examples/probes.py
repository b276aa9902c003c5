"""Look inside while a network trains: the gradient of ten sigmoid layers at the first step."""

import whynet

run = whynet.fit(whynet.recipe("digits", 'mlp(widths=[64] * 10, activation="sigmoid")', optimizer="sgd(lr=0.1)", epochs=1))
gradient = run.history.probe("gradient_norm")  # a table: a row for each measured step, a column for each layer
print(gradient.iloc[0])
print(gradient.iloc[0, 0] / gradient.iloc[0, -1] < 1e-6)  # → True
