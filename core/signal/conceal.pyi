"""Concealment of lost sound and time scaling by pitch periods: s16 samples in host order."""

class Conceal:
    """Concealment for Python: tests and tools."""

    def __init__(self, rate: int = 8000) -> None: ...
    def good(self, pcm: bytes) -> bytes:
        """Sound that arrived (s16, host order), as it is to be played."""
    def lost(self, samples: int) -> bytes:
        """So many samples of lost sound. Raises ValueError when it is a negative number."""
    def stretch(self, pcm: bytes, wanted: int) -> bytes:
        """Sound made longer (wanted > 0) or shorter by about so many samples, by whole pitch periods."""
