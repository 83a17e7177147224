"""Course of docs/course: what its chapters measure, and the figures and tables of their pages."""
