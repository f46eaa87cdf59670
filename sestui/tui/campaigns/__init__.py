"""Campaigns: all of them, one, and its runs."""
