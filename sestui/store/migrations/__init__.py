"""Alembic migrations, a file for each schema version."""
