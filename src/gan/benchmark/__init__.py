"""``python -m gan.benchmark CASE``: cost of this project relative to other implementations, timed alternately."""
