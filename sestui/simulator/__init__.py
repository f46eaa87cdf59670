"""A simulated SES account on loopback, for the demo, dry runs and tests."""
