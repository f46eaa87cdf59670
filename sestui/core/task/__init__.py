"""What a task is: its fields, its states, its file."""
