"""From the folders of runs to tables and plots of them side by side."""
