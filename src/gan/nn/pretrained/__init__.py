"""Frozen networks from elsewhere, whose intermediate features are compared."""
