"""What SES has reported: events, what they make of deliveries, and what could not be read."""
