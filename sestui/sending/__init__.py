"""From the ledger through the governor to the gateway."""
