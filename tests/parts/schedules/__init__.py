"""Added parts: schedules."""
