"""The schema's version, for those who can't wait for SQLAlchemy."""

HEAD = "0013"
"""The newest migration; a test holds it against ``migrations/versions``."""
