"""Contacts, lists and suppressions."""
