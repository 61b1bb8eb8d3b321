"""Yesterday's calls through a draft: who would have gone another way, and what cannot be known."""
