"""How the learning rate changes during a training."""
