"""Colours, contrast, panels and space."""
