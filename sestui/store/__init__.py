"""The database: tables, queries by noun, and migrations."""
