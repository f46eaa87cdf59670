"""`sestui import`."""
