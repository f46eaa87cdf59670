"""Import of contacts: what a file is, what its rows say, and how they get into the database."""
