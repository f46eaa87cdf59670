"""Commands about campaigns and sending them."""
