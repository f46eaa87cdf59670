"""Checks of a message for errors and likely mistakes."""
