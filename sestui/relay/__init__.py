"""The relay: SES's HTTP API for programs that are pointed at sestui instead."""
