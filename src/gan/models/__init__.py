"""Models: the update loop, and one file per variant."""
