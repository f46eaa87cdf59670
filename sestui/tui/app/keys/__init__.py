"""What keys mean: the keymap, the footer, letters as text or commands, help."""
