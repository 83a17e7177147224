"""``python -m gan.evaluate``: scores of a generator, or of a folder of images."""
