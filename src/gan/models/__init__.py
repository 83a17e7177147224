"""The update loop, and one file for each variant of the game."""
