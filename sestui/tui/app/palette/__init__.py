"""Everything there is and everything that can be done, found by a few letters."""
