"""Campaign files, and what must be right about a message before it leaves."""
