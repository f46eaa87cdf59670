"""What a delivery goes through: its states, and the pace at which mail may leave."""
