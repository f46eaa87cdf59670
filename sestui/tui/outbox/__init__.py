"""Outbox: the mail that the simulated account accepted."""
