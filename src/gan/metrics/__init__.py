"""Measures of a generator's images, and the networks whose features they compare."""
