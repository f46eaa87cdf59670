"""Home: what goes on, what comes, what needs somebody."""
