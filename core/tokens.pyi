"""Random tokens and time-ordered ids from a block of random digits: one getrandom call serves hundreds of them."""

def token(length: int = 16) -> str:
    """A random token of `length` hexadecimal digits (4 bits of randomness each)."""

def new_id(unix: float) -> str:
    """A globally unique id of 32 hexadecimal digits that sorts by `unix` (seconds since 1970, UTC): UUID version 7
    (RFC 9562 section 5.7) without hyphens.
    """
