"""The simulated account: quota, rate, identities, suppressions and where they are stored."""
