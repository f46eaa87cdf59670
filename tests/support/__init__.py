"""What several test files share: workspaces, processes, servers, clocks, and rows to begin with."""
