"""`sestui setup`."""
