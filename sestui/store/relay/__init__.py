"""The relay's keys and the mail it has taken over."""
