"""What is said in passing, and calling whoever looks elsewhere."""
