"""The schema's version, importable without SQLAlchemy."""

HEAD = "0031"
"""The newest migration; a test compares it with ``migrations/versions``."""
