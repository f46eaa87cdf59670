"""Open, migrate, read and write the database."""
