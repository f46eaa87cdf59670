"""Cron expressions and time zones: when something is due."""
