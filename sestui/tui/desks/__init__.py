"""What each place looks at and can have done, in plain blocking calls."""
