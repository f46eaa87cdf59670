"""Notices and alerts: messages of the session, and calling an operator who looks elsewhere."""
