"""Conversion between 8, 16 and 48 kHz: s16 samples in host order."""

class Converter:
    """Resampling for Python: tests and tools."""

    def __init__(self, from_rate: int, to_rate: int) -> None: ...
    def convert(self, pcm: bytes) -> bytes:
        """The next samples (s16, host order) at the other rate. Raises ValueError when they do not divide evenly."""
