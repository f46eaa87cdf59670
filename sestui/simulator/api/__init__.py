"""SES's HTTP API in front of the simulated account."""
