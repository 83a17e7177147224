"""Latent space: interpolation between latent vectors, directions that change images, and projection of images."""
