"""Navigation: tabs, the header, back and forward."""
