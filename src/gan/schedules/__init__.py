"""Schedules: factors of learning rates and of weights as functions of a player's update count."""
