"""Email addresses and contacts."""
