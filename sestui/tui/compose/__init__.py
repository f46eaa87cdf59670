"""Compose: a campaign is written and looked at."""
