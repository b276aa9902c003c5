"""A training step written in C++ for its own shapes, and run for many steps and many arms at once."""
