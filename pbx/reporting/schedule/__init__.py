"""Reports that are sent by themselves: when they are due, what they say, how they go out."""
