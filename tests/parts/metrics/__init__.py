"""Added parts: metrics."""
