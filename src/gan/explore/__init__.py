"""What a generator has learned: directions, neighbours among training images, images found again, attention."""
