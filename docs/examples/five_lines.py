"""Train a network, compare two activations, ask why a third variant does not learn."""

import whynet

digits = whynet.recipe("digits", "mlp(widths=[64, 64])", optimizer="sgd(lr=0.1, momentum=0.9)", epochs=5)
print(whynet.fit(digits).score)
print(whynet.compare(digits, {"model.activation": ["sigmoid", "relu"]}).verdict)
print(whynet.why(digits.change(**{"model.output_activation": "softmax"})).verdict)
