"""Run folders: their layout, their commands, and the record of a run."""
