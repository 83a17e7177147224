"""``python -m gan.export``: export of a generator as weights, ONNX, or a ``torch.export`` program."""
