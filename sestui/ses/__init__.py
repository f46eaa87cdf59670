"""Calls to SES, by boto3 and by connections of our own."""
