"""``python -m gan.interpolate``: morphs between samples."""
