"""Log: every delivery, the newest first."""
