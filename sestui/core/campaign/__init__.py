"""What a campaign is: its fields and their rules, its file, its draft."""
