"""Rules of the relay's keys."""
