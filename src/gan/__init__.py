"""Generative adversarial networks on PyTorch Lightning: networks, objectives, data and trainers that compose."""
