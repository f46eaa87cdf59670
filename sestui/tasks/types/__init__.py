"""The built-in task types, each an entry point as another package's would be."""
