"""Tasks: their fields, states and files."""
