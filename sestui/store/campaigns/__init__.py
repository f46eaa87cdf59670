"""Campaigns and their messages."""
