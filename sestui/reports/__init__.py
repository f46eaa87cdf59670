"""Reports on runs, contacts and the account, and notices to operators."""
