"""What a generator has learned: directions in latent space, neighbours among training images, images found again."""
