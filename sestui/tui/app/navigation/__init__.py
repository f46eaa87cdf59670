"""Where one is and how one gets elsewhere: tabs, the header, back and forward."""
