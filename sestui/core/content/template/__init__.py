"""Jinja templates, sandboxed, strict and bounded."""
