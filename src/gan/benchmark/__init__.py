"""What this project costs, as ratios between sides that take turns: ``python -m gan.benchmark CASE``."""
