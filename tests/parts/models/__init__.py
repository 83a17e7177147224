"""Added parts: models."""
