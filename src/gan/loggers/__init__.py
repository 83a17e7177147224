"""Loggers: metrics.csv, Weights & Biases, TensorBoard."""
