"""Commands about tasks, and the crontab line."""
