"""Short messages: encoded, limited, kept until a gateway has taken them, and followed until they are delivered."""
