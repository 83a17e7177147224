"""The forms that a trained generator is exported in: weights, and graphs that need no code of this project."""
