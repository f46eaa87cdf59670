"""Import of a file, step by step."""
