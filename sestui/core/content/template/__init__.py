"""Sandboxed, strict Jinja templates with a budget."""
