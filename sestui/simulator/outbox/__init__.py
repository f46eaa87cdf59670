"""What the simulated account accepted: mails, events and outcomes."""
