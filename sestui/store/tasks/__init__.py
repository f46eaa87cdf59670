"""Tasks, their runs, and due occurrences."""
