"""Runs of campaigns, across all of them."""
