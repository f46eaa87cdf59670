"""The expressions that choose contacts: read by Python's own grammar, held against a white list."""
