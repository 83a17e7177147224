"""``python -m gan.sample``: sampling of images from a checkpoint."""
