"""Checkpoints and exported weights: reading, trust, and the trained generator."""
