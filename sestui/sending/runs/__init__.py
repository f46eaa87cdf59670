"""The life of a run: started, steered, scheduled and forecast."""
