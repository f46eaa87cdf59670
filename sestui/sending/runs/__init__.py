"""Starting, controlling, scheduling and forecasting runs."""
