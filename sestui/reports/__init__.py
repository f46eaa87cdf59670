"""What became of a run."""
