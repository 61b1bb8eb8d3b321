"""Who may use the web side: people, programs, their sessions and tokens, and what each may do."""
