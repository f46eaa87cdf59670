"""Leaving while mail is sent, and what the next start goes on with."""
