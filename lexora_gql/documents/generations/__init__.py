"""Generations of vectors: one serves, the next is built beside it, and then they change places at one moment."""
