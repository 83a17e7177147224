"""Added parts: callbacks."""
