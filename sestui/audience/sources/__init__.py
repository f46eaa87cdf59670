"""Read rows of contacts from CSV, JSON, vCard, xlsx and lists of addresses, also compressed."""
