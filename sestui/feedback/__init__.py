"""The way back: what became of mail, and who wants no more of it."""
