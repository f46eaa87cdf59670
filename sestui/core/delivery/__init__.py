"""Rules of deliveries: their states, and the rate at which mail may leave."""
