"""Home: running, upcoming, and what needs attention."""
