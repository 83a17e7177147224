"""Reports: tables, charts and pages of runs. Nothing in this package imports torch."""
