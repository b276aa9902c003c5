"""whynet: a laboratory for neural networks."""
