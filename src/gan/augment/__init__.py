"""Augmentation of the discriminator's input, against overfitting on small data sets."""
