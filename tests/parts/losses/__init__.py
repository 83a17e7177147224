"""Added parts: losses."""
