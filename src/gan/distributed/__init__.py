"""Distributed training: launching ranks, the process group, and the strategy."""
