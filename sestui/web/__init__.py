"""The page behind unsubscribe links: public, by way of a proxy on this host."""
