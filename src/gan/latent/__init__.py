"""Ways through latent space: between points of it, along directions that mean something, back from an image."""
