"""``python -m gan.translate``: translation of image files, words and lines of text by a trained generator."""
