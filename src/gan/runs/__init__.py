"""Run folders on disk: their layout, and the record of a run."""
