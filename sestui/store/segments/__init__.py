"""Segments: saved, named in one another and in campaigns, compiled to SQL and asked."""
