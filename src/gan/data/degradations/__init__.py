"""Degradations of images, from each of which a model learns to restore them: one idea per file."""
