"""Rules by which the doctor judges the account, its senders, their DNS and the event path."""
