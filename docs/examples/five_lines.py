"""Train a network, compare two of its settings, ask why another one does not learn."""

import whynet

digits = whynet.recipe("digits", "mlp(widths=[64, 64])", epochs=5)
print(whynet.fit(digits))
print(whynet.compare(digits, {"model.activation": ["sigmoid", "relu"]}).verdict)
print(whynet.why(digits.change(**{"model.output_activation": "softmax", "optimizer": "sgd(lr=0.1)"}), seeds=3).verdict)
