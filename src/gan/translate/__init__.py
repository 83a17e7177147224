"""``python -m gan.translate``: translation of image files by a trained generator."""
