"""SES's stored templates."""
