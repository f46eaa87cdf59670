"""What every screen that shows deliveries has in common."""
