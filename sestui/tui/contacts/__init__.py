"""Contacts: lists and the people on them."""
