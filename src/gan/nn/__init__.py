"""Layers and network utilities shared by the models."""
