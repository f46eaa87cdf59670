"""Addresses and people: what is an address, and who is meant by it."""
