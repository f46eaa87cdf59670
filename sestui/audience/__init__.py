"""Contacts in and out."""
