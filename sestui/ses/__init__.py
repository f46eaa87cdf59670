"""Everything that speaks boto3."""
