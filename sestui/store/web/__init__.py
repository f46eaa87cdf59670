"""The unsubscribe page's keys, and what people chose there."""
