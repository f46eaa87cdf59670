"""All deliveries: claimed, settled, paged through."""
