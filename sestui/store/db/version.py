"""The schema's version, for those who can't wait for SQLAlchemy."""

HEAD = "0014"
"""The newest migration; a test compares it with ``migrations/versions``."""
