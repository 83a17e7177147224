"""``python -m gan.interpolate``: interpolation between samples, classes, or weights."""
