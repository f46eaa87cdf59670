"""Add, import, suppress and export contacts."""
