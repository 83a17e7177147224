"""Metrics: measures of generated images against real ones."""
