"""The simulated account's outbox: accepted mails, their events and outcomes."""
