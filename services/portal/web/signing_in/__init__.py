"""Who may come in: passwords, sessions, tokens, and how often somebody may fail."""
