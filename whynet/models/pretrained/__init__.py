"""Weights from a file, under whatever names the well-known libraries give them."""
