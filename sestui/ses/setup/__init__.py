"""Create, and remove, the way of SES's events to a queue."""
