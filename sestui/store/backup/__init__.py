"""Copies of the database: made, restored, and recognised when they come back."""
