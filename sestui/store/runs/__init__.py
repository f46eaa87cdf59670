"""Runs of campaigns."""
