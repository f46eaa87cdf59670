"""The database itself: opened, migrated, read and written."""
