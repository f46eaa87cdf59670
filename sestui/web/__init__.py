"""The page behind unsubscribe links, published by a web server on this host."""
