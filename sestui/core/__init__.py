"""Pure rules, no I/O: states, pacing, cron, content, addresses."""
