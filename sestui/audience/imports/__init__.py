"""Import of contacts: recognise a file, read its rows and save them."""
