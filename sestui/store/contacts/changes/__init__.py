"""Changes to contacts and lists by hand, one or many, and how each is undone."""
