"""``python -m gan.sample``: images from a checkpoint."""
