"""Comfort noise (RFC 3389): s16 samples in host order."""

class Maker:
    """Comfort noise for Python: tests and tools."""

    def __init__(self, seed: int = 1) -> None: ...
    def update(self, payload: bytes) -> None:
        """Takes the payload of a comfort noise packet."""
    def fill(self, samples: int) -> bytes:
        """The next samples (s16, host order). Raises ValueError when their number is negative."""

class Meter:
    """The analysis of silence for Python: tests and tools."""

    def __init__(self) -> None: ...
    def add(self, pcm: bytes) -> None:
        """A frame of silence that was heard (s16, host order)."""
    def payload(self) -> bytes:
        """What a comfort noise packet should say of it."""
