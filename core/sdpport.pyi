"""What a phone changes from one call to the next in its session description: the origin and the port, nothing else."""

def split_port(description: bytes) -> tuple[bytes, int] | None:
    """A plain description of one audio stream without its o= line and with one and the same port, and the true port.

    None for any other: of several media or none, switched off (port 0), of several ports, over 4 kB, or with what is
    new in every call (keys, fingerprints, ICE).
    """
