"""Scheduled tasks: their types, and running them."""
