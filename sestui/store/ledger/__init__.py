"""The ledger: claim, settle and read deliveries."""
