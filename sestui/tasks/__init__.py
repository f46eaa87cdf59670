"""Cron tasks: their types, and what runs them."""
