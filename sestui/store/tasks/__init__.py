"""Tasks, their runs, and what is due."""
