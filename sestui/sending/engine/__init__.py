"""The engine: claims deliveries, hands them to SES at their slots, settles what came of them."""
