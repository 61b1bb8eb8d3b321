"""Money: what calls cost and brought in, what other systems are told of them, and why their counts differ."""
