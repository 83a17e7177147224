"""Random changes of what the discriminator sees, so that it cannot learn a small data set by heart."""
