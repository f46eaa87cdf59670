"""The app itself: life cycle, tabs, palette, keys, themes."""
