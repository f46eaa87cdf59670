"""The task types that sestui brings along, each an entry point like anybody's."""
