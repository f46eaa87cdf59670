"""Back up and restore the database, and recognise restored copies."""
