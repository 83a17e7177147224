"""Latent space: directions that change images, and projection of images."""
