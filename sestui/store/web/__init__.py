"""The unsubscribe page's keys, and recipients' choices on it."""
