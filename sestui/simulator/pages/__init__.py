"""The outbox as web pages, for a browser on this machine."""
