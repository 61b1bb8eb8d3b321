"""A past day once more through a drafted flow: its callers decide what they decided then, in one house of agents."""
