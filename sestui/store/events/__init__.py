"""SES's events: applying them to deliveries, the figures that follow, and unreadable ones."""
