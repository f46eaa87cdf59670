"""Questions that any tab may ask."""
