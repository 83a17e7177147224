"""A page to try a trained generator on: ``python -m gan.demo CKPT``."""
