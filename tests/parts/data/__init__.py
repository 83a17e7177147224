"""Added parts: data."""
