"""Bricks of seeing that are no layers: boxes, how they overlap, what is cut out with them, and how answers made of them are scored."""
