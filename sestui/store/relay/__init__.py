"""The relay's keys and mails."""
