"""The tests of sestui."""
