"""TheDeepChecker's classification program: a convolutional network on MNIST."""

from __future__ import annotations

from whynet.recipe import Recipe, recipe

LAYERS = "conv2d(32, 5, padding=2), relu, max_pool(2), conv2d(64, 3, padding=1), relu, max_pool(2), flatten, linear(512), relu, linear(10)"


def program(*, lr: float = 0.1, then: str = "") -> Recipe:
    """Conv 32 – pool – Conv 64 – pool – Dense 512 – Dense 10, cross-entropy of the logits, gradient descent, L2 1e-5, He's weights.

    How long the tool trained is not known; batches of 64, one epoch. ``then``: what comes behind the last layer.
    """
    model = f"sequential([{LAYERS}{then}], head=False)"
    return recipe("mnist", model, "cross_entropy", f"sgd(lr={lr}, weight_decay=1e-5)", init="he", batch_size=64, epochs=1)
