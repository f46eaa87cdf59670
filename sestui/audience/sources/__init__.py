"""Rows of contacts by format: CSV, JSON, vCard, xlsx, lists of addresses; packed or not."""
