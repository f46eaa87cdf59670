"""Account: what SES says of it, settings, the relay's keys."""
