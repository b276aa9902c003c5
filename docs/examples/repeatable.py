"""The same seed gives the same training, to the last bit."""

import whynet

recipe = whynet.recipe("digits", "mlp(dropout=0.2)", epochs=2, seed=7)
first, second = whynet.fit(recipe), whynet.fit(recipe)
print(first.history.loss == second.history.loss)  # → True
