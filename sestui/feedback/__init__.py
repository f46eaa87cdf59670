"""Events, outcomes and suppressions: what SES reports after mail has been accepted."""
