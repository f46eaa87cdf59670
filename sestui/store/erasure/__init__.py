"""Erasing a person from every table."""
