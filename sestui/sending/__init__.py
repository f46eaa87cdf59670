"""Sending: from the ledger through the governor to the gateway, and the life of runs."""
