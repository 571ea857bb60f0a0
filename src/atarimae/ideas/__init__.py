"""What takes both fitting and comparing: it stands above the steps, which don't know each other."""
