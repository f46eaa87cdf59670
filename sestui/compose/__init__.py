"""Campaign files, drafts, and the checks before a message is sent."""
