"""What is wrong with a message, or probably not meant."""
