"""Callbacks: logging, evaluation, pictures, checkpoints, early stopping and signals."""
