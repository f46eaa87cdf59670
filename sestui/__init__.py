"""sestui: a campaign manager for Amazon SES that lives in the terminal."""

__version__ = "0.1.0"
