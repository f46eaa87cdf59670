"""Schedule: tasks and what became of them."""
